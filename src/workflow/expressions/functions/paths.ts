import { posix } from 'node:path'
import { failure } from '../expression-error.ts'
import type { ExpressionHost } from '../host.ts'
import type { Budget } from '../limits.ts'
import { textOf, type Value } from '../values.ts'
import { INFINITE, type PlainFunction } from './function.ts'

const group = 'paths and files'

/** Paths are written with slashes on all machines. Without a working directory only makepath() is known. */
export const pathFunctions = ({ cwd, place, readFile, glob }: ExpressionHost): PlainFunction[] => [
  {
    name: 'makepath',
    group,
    parameters: 'parent, path',
    meaning: 'the path if it is absolute or the parent is empty, else both together',
    min: 2,
    max: 2,
    call(args, budget) {
      const [parent, path] = texts(args, budget) as [string, string]
      return parent === '' || posix.isAbsolute(path) ? path : posix.join(parent, path)
    },
  },
  ...(cwd === undefined ? [] : [relpath(cwd, place), abspath(cwd)]),
  ...(readFile ? [fileFunction(readFile)] : []),
  ...(glob ? [globFunction(glob)] : []),
]

const relpath = (cwd: string, place = (path: string) => path): PlainFunction => ({
  name: 'relpath',
  group,
  parameters: 'path, from=working directory',
  meaning: 'the way from one path to another',
  min: 1,
  max: 2,
  call(args, budget) {
    const [path, from = cwd] = texts(args, budget) as [string, string?]
    const [begin, end] = [from, path].map((one) => place(posix.resolve(cwd, one))) as [string, string]
    return posix.relative(begin, end) || '.'
  },
})

const abspath = (cwd: string): PlainFunction => ({
  name: 'abspath',
  group,
  parameters: 'path, base=working directory',
  meaning: 'the absolute path, without `.` and `..`',
  min: 1,
  max: 2,
  call(args, budget) {
    const [path, base = cwd] = texts(args, budget) as [string, string?]
    return posix.resolve(cwd, base, path)
  },
})

const fileFunction = (readFile: (path: string) => string): PlainFunction => ({
  name: 'file',
  group,
  parameters: 'path',
  meaning: 'the text of a file, relative to the working directory',
  min: 1,
  max: 1,
  call(args, budget) {
    const text = readFile(texts(args, budget)[0]!)
    budget.text(text.length)
    return text
  },
})

const globFunction = (glob: NonNullable<ExpressionHost['glob']>): PlainFunction => ({
  name: 'glob',
  group,
  parameters: 'patterns...',
  meaning: 'absolute paths of matching files, sorted; `**` stands for folders, `!pattern` takes files out',
  min: 1,
  max: INFINITE,
  call(args, budget) {
    const patterns = texts(args, budget)
    const include = patterns.filter((pattern) => !pattern.startsWith('!'))
    if (include.length === 0) throw failure('glob() needs a pattern that is not an exclusion.', 'Add one, such as "**/*".')
    const exclude = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
    const paths = [...new Set(glob({ include, exclude }))]
    budget.items(paths.length)
    // By code units: the order must not depend on the machine's language.
    return paths.sort()
  },
})

const texts = (args: readonly Value[], budget: Budget) => args.map((arg) => textOf(arg, budget))
