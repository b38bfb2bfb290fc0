import { expect, test } from 'vitest'
import { projectRefusal, runRefusal, willRunTests, type ProjectSettings, type RunFacts } from './eligible.ts'

const run: RunFacts = {
  nodeVersion: '22.12.0',
  vitestVersion: '5.1.1',
  env: {},
  optionsFault: undefined,
  cliPool: undefined,
  isInspecting: false,
  mainExecArgv: [],
  detectAsyncLeaks: false,
  openTelemetry: false,
}
const project: ProjectSettings = {
  pool: 'forks',
  browser: false,
  benchmark: false,
  viteModuleRunner: true,
  execArgv: [],
  hasV8Coverage: false,
}

test('a plain run and a plain project are taken', () => {
  expect(runRefusal(run)).toBe(null)
  expect(projectRefusal(project)).toBe(null)
})

test.for<[Partial<RunFacts>, string]>([
  [{ env: { EVERWARM: '0' } }, 'off (EVERWARM=0)'],
  [{ nodeVersion: '22.11.9' }, 'Node 22.11.9 is older than 22.12'],
  [{ nodeVersion: '20.19.0' }, 'Node 20.19.0 is older than 22.12'],
  [{ vitestVersion: '3.2.4' }, 'Vitest 3.2.4 is older than 4'],
  [{ cliPool: 'threads' }, '--pool=threads'],
  [{ isInspecting: true }, '--inspect'],
  [{ mainExecArgv: ['--cpu-prof-dir=x'] }, '--cpu-prof-dir=x'],
  [{ env: { NODE_V8_COVERAGE: 'folder' } }, 'NODE_V8_COVERAGE'],
])('a run with %o is not taken: %s', ([facts, why]) => {
  expect(runRefusal({ ...run, ...facts })).toContain(why)
})

test.for<Partial<RunFacts>>([{ nodeVersion: '24.0.0' }, { cliPool: 'everwarm' }, { env: { EVERWARM: '1' } }])(
  'a run with %o is taken',
  (facts) => {
    expect(runRefusal({ ...run, ...facts })).toBe(null)
  },
)

test.for<[Partial<ProjectSettings>, string]>([
  [{ pool: 'threads' }, 'pool "threads"'],
  [{ pool: 'vmThreads', hasV8Coverage: true }, 'coverage by V8'],
  [{ browser: true, pool: 'threads' }, 'silent'],
  [{ viteModuleRunner: false }, 'viteModuleRunner'],
  [{ execArgv: ['--inspect-brk'] }, '--inspect-brk'],
])('a project with %o is not taken: %s', ([settings, why]) => {
  expect(projectRefusal({ ...project, ...settings })).toContain(why)
})

test.for<Partial<ProjectSettings>>([{ pool: 'vmThreads' }, { pool: 'vmForks' }, { hasV8Coverage: true }])(
  'a project with %o is taken',
  (settings) => expect(projectRefusal({ ...project, ...settings })).toBe(null),
)

test.for<[string[], Record<string, string>, boolean]>([
  [['run'], { VITEST: 'true' }, true],
  [[], { VITEST: 'true' }, true],
  [['run', '--coverage'], { VITEST: 'true' }, true],
  [['run'], {}, false],
  [['run'], { VITEST: 'true', EVERWARM: '0' }, false],
  [['run'], { VITEST: 'true', VITEST_WORKER_ID: '1' }, false],
  [['list'], { VITEST: 'true' }, false],
  [['run', '--pool=threads'], { VITEST: 'true' }, false],
  [['--merge-reports=reports'], { VITEST: 'true' }, false],
])('vitest %o with %o begins to connect: %s', ([args, env, expected]) => {
  expect(willRunTests(['node', 'vitest', ...args], env)).toBe(expected)
})
