import { expect, test } from 'vitest'
import { parseCLI } from 'vitest/node'
import { isSameRun, namePattern, normalized } from './command-line.ts'

const line = (...args: string[]) => parseCLI(['vitest', ...args]) as ReturnType<typeof normalized>

test.for<[string, string[], string[], boolean]>([
  ['other files', ['run', 'a.test.ts'], ['run', 'b.test.ts', 'c'], true],
  ['another name pattern', ['run', '-t', 'adds'], ['run', '-t', 'takes away'], true],
  ['a name pattern more', ['run'], ['run', '--testNamePattern=adds'], true],
  ['another reporter', ['run', '--reporter=dot'], ['run', '--reporter=verbose'], false],
  ['an option more', ['run'], ['run', '--update'], false],
  ['no `run`', ['run'], [], false],
  ['a line of a file', ['run'], ['run', 'a.test.ts:4'], false],
])('of command lines with %s, one Vitest can serve both: %s', ([, a, b, isSame]) => {
  expect(isSameRun(line(...a), line(...b))).toBe(isSame)
})

test('filters are normalized as the command does it', () => {
  expect(normalized(line('run', './src/a.test.ts', 'src//b', 'dir/')).filter).toEqual(['src/a.test.ts', 'src/b', 'dir/'])
})

test('the name pattern is kept apart', () => {
  expect(namePattern(line('run', '-t', 'adds'))).toBe('adds')
  expect(namePattern(line('run'))).toBeUndefined()
  expect(normalized(line('run', '-t', 'adds')).options).not.toHaveProperty('testNamePattern')
})
