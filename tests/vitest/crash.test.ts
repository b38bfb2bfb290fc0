import { stripVTControlCharacters } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { realProject, type RealProject } from '../support/real-run.ts'
import type { RunResult } from '../support/vitest-run.ts'

let project: RealProject
afterEach(() => project.remove())

const IMPORTS = `import { expect, test } from 'vitest'\n`
const NEXT = `${IMPORTS}test('runs on', () => {})`

/** Once in stock forks, then twice with everwarm: what is new to it and what it knows. */
async function threeRuns(): Promise<[stock: RunResult, ...ours: RunResult[]]> {
  const stock = await project.run({ env: { EVERWARM: '0' } })
  return [stock, await project.run(), await project.run()]
}

test.for<[string, string, RegExp]>([
  ['process.abort()', `process.abort()`, /with signal SIGABRT/],
  ['a segmentation fault', `process.kill(process.pid, 'SIGSEGV'); for (;;);`, /with signal SIGSEGV.+native code/],
  ['SIGKILL', `process.kill(process.pid, 'SIGKILL'); for (;;);`, /with signal SIGKILL/],
  [
    'too little memory',
    `const all = []; for (;;) all.push(new Array(1e6).fill(1.5))`,
    /with signal SIGABRT.+V8 ran out of memory/,
  ],
])(
  '%s: exit code and verdicts are those of stock forks, and the error names file, cause and next step',
  async ([, code, message]) => {
    const files = { 'a.test.ts': `${IMPORTS}test('ends its process', () => { ${code} })`, 'b.test.ts': NEXT }
    project = realProject(files, { test: `execArgv: ['--max-old-space-size=100']` })
    const [stock, ...ours] = await threeRuns()
    for (const run of ours) {
      expect([run.code, run.states]).toEqual([stock.code, stock.states])
      expect(run.states).toMatchObject({ 'b.test.ts > runs on': 'passed' })
      // Vitest's heading, and then at once what happened.
      expect(run.stderr).toMatch(/ Unhandled Error ⎯+\nEverwarmError: Worker exited unexpectedly with signal /)
      expect(run.stderr).not.toContain('emitted error')
      expect(run.stderr).toMatch(message)
      expect(run.stderr).toContain('`npx vitest run a.test.ts --no-file-parallelism` runs it alone.')
      expect(run.stderr).toContain("code: 'HOST_CRASHED'")
      expect(run.stderr.match(/Unhandled Error\b/g)).toEqual(stock.stderr.match(/Unhandled Error\b/g))
    }
  },
)

test.for<[string, Record<string, string>]>([
  ['a syntax error', { 'a.test.ts': `${IMPORTS}test('x', () => {\n  const x = ;\n})` }],
  ['an import of a missing module', { 'a.test.ts': `${IMPORTS}import './nowhere.ts'\ntest('x', () => {})` }],
  ['an import of a missing package', { 'a.test.ts': `${IMPORTS}import 'no-such-package'\ntest('x', () => {})` }],
  ['a top level that throws', { 'a.test.ts': `${IMPORTS}function f() { throw new Error('top') }\nf()\ntest('x', () => {})` }],
  [
    'a module that throws',
    { 'a.test.ts': `${IMPORTS}import './b.ts'\ntest('x', () => {})`, 'b.ts': `throw new TypeError('deep')` },
  ],
  ['no test', { 'a.test.ts': `export {}` }],
  ['process.exit()', { 'a.test.ts': `${IMPORTS}test('x', () => { process.exit(3) })` }],
])('%s: all that is printed is what stock forks print', async ([, files]) => {
  project = realProject(files)
  const [stock, ...ours] = await threeRuns()
  expect(stock.code).toBe(1)
  for (const run of ours) expect([run.code, printed(run)]).toEqual([stock.code, printed(stock)])
})

test('a reporter that fails when a file begins: all that is printed is what stock forks print', async () => {
  project = realProject({
    'a.test.ts': `${IMPORTS}test('x', () => {})`,
    'refuses.ts': `export default class { onTestModuleQueued() { throw new Error('not now') } }`,
  })
  const args = ['--reporter=./refuses.ts']
  const stock = await project.run({ args, env: { EVERWARM: '0' } })
  expect([stock.code, stock.stderr]).toEqual([1, expect.stringContaining('not now')])
  const ours = await project.run({ args })
  expect([ours.code, printed(ours)]).toEqual([stock.code, printed(stock)])
})

test.for(['onUserConsoleLog', 'onTestModuleCollected', 'onTestCaseResult'])(
  'a reporter that fails in %s fails the run, as in stock forks',
  async (method) => {
    project = realProject({
      'a.test.ts': `${IMPORTS}test('x', () => { console.log('said') })`,
      'refuses.ts': `export default class { ${method}() { throw new Error('not now') } }`,
    })
    const args = ['--reporter=./refuses.ts']
    const stock = await project.run({ args, env: { EVERWARM: '0' } })
    expect([stock.code, stock.stderr]).toEqual([1, expect.stringContaining('not now')])
    const ours = await project.run({ args })
    expect([ours.code, ours.states, ours.stderr]).toEqual([1, stock.states, expect.stringContaining('not now')])
  },
)

/** Without colours, times, and the line that says that everwarm is off. */
function printed({ stdout, stderr }: RunResult): string {
  return stripVTControlCharacters(`${stdout}\n--\n${stderr}`)
    .replaceAll(/^everwarm: off .*\n/gm, '')
    .replaceAll(/^.*(?:Start at|Duration|Isolate|faster with|JSON report written).*\n/gm, '')
    .replaceAll(/\d+(?:\.\d+)? ?m?s\b/g, 'T')
}
