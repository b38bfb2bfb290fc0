import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Suite } from './rows.ts'

const repo = resolve(import.meta.dirname, '..')
const bench = join(repo, '.bench')
/** The generators are shared by several projects and stand beside the checkout. */
const generators = resolve(repo, '../shared/bench')

export class BenchError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export function checkGenerators() {
  if (existsSync(join(generators, 'app.mjs'))) return
  throw new BenchError(
    'GENERATORS_MISSING',
    'The suites are made by ../shared/bench/app.mjs and components.mjs beside this checkout; they are not there.',
  )
}

/** What a user would install: the packed tarball, built from this checkout by `scripts/setup.sh`. Its name changes with its content. */
export function packEverwarm(): string {
  mkdirSync(bench, { recursive: true })
  const folder = join(bench, 'pack')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  // Without scripts: `prepack` would build once more.
  execFileSync('npm', ['pack', '--pack-destination', folder, '--ignore-scripts', '--silent'], {
    cwd: repo,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const packed = join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz'))!,
  )
  const content = readFileSync(packed)
  const target = join(bench, `everwarm-${createHash('sha256').update(content).digest('hex').slice(0, 12)}.tgz`)
  for (const old of readdirSync(bench)) if (old.endsWith('.tgz') && join(bench, old) !== target) rmSync(join(bench, old))
  writeFileSync(target, content)
  return target
}

/** Generates and installs the project of a suite, unless it is there; the folder. */
export function prepareProject(suite: Pick<Suite, 'generator' | 'files'>, tarball: string): string {
  const folder = join(bench, `${suite.generator.replace('.mjs', '')}-${suite.files}`)
  const stamp = join(folder, '.installed')
  const key = `${tarball} ${createHash('sha256')
    .update(readFileSync(join(generators, suite.generator)))
    .digest('hex')}`
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return folder
  rmSync(folder, { recursive: true, force: true })
  execFileSync(process.execPath, [join(generators, suite.generator), folder, String(suite.files)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const path = join(folder, 'package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  manifest.dependencies.everwarm = `file:${tarball}`
  if (suite.generator === 'app.mjs') manifest.dependencies.bun = '^1.4.0'
  writeFileSync(path, JSON.stringify(manifest, null, 2))
  writeFileSync(
    join(folder, 'everwarm.config.ts'),
    `import { everwarm } from 'everwarm/vitest'
import { mergeConfig } from 'vitest/config'
import stock from './vitest.config.ts'

export default mergeConfig(stock, { plugins: [everwarm()] })
`,
  )
  // No package of these needs its install script; bun's would move its binary.
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  writeFileSync(stamp, key)
  return folder
}

/** The binary of the platform package; the package `bun` itself only links to it by an install script. */
export function bunBinary(folder: string): string {
  const scope = join(folder, 'node_modules/@oven')
  const found = existsSync(scope)
    ? readdirSync(scope)
        .map((name) => join(scope, name, 'bin/bun'))
        .filter((path) => existsSync(path))
    : []
  // Without AVX2 npm brings both; the plain one comes first, as bun's own installer takes it.
  const best = found.toSorted((a, b) => Number(/baseline|musl/.test(a)) - Number(/baseline|musl/.test(b)))[0]
  if (!best) throw new BenchError('BUN_MISSING', `npm installed no binary of bun for ${process.platform} ${process.arch}.`)
  return best
}

export const versionIn = (folder: string, name: string): string =>
  JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
