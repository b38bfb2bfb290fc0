import { stripVTControlCharacters } from 'node:util'
import type { SerializedError, TestCase, TestModule } from 'vitest/node'
import type { CaseResult, SessionTest, TestResult, TestStatus } from '../../../contracts/session.ts'

export interface FileRunAbout {
  /** Errors that no test of the file has caught. */
  errors: readonly SerializedError[]
  /** Epoch ms */
  startedMs: number
  endedMs: number
}

/** One result of a file, over all projects in which it ran. */
export function fileResult(
  test: SessionTest,
  modules: readonly TestModule[],
  { errors, startedMs, endedMs }: FileRunAbout,
): TestResult {
  const cases = modules.flatMap((module) => [...module.children.allTests()].map(caseResult))
  const ofFile = [...modules.flatMap((module) => [...module.errors(), ...suiteErrors(module)]), ...errors]
  const failed = cases.find(({ status }) => status === 'failed')
  const [error] = ofFile
  const duration = modules.reduce((sum, module) => sum + durationOf(module), 0)
  return {
    testId: test.id,
    testPath: test.path,
    testName: test.name,
    status: statusOf(modules, ofFile.length > 0),
    duration: Math.max(0, duration),
    ...(error ? errorFields(error) : failed ? { error: `${failed.name}: ${failed.error ?? ''}`.slice(0, 4_096) } : {}),
    startedAt: new Date(startedMs).toISOString(),
    finishedAt: new Date(endedMs).toISOString(),
    cases,
  }
}

export function unknownResult(test: SessionTest): TestResult {
  const now = new Date().toISOString()
  const where = test.project === undefined ? '' : ` in the project "${test.project}"`
  const error = `TEST_UNKNOWN: Vitest has no test file ${test.path}${where} on this worker. Look whether its checkout is the caller’s.`
  return { testId: test.id, testPath: test.path, status: 'failed', duration: 0, error, startedAt: now, finishedAt: now }
}

function statusOf(modules: readonly TestModule[], hasErrors: boolean): TestStatus {
  if (hasErrors || modules.length === 0) return 'failed'
  const states = modules.map((module) => module.state())
  if (states.every((state) => state === 'skipped')) return 'skipped'
  return states.every((state) => state === 'passed' || state === 'skipped') ? 'passed' : 'failed'
}

function suiteErrors(module: TestModule): SerializedError[] {
  return [...module.children.allSuites()].flatMap((suite) => suite.errors())
}

/** What the file took, its imports and environment with it. */
function durationOf(module: TestModule): number {
  const spent = module.diagnostic()
  return spent.environmentSetupDuration + spent.prepareDuration + spent.collectDuration + spent.setupDuration + spent.duration
}

function caseResult(test: TestCase): CaseResult {
  const { state, errors } = test.result()
  const spent = test.diagnostic()
  const [error] = errors ?? []
  return {
    name: test.fullName,
    // One that is still pending was never run: its file broke off.
    status: state === 'passed' || state === 'failed' || state === 'skipped' ? state : 'skipped',
    ...(spent ? { duration: Math.max(0, spent.duration) } : {}),
    ...(error ? errorFields(error) : {}),
    ...(spent?.retryCount ? { retryCount: spent.retryCount } : {}),
  }
}

const MAX_ERROR_CHARS = 16_384

function errorFields({ name, message, stack, diff }: SerializedError): { error: string; errorStack?: string } {
  // Vitest colours its diffs.
  const text = stripVTControlCharacters(`${name ? `${name}: ` : ''}${message ?? ''}${diff ? `\n${diff}` : ''}`)
  return { error: text.slice(0, MAX_ERROR_CHARS), ...(stack ? { errorStack: stack.slice(0, MAX_ERROR_CHARS) } : {}) }
}
