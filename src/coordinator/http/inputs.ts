import { z } from 'zod'
import { HostRun, MOST_TESTS, Needs, SessionConfig, SessionRequest, SessionTest, TestResult } from '../../contracts/session.ts'
import { type Issue, issuesOf, MOST_ISSUES } from '../../system/checked.ts'
import { BadInput } from '../../system/http/bad-input.ts'
import { isStorable } from '../../system/http/json-input.ts'
import { namesHint } from '../../system/known-names.ts'
import type { ResultReport } from '../service.ts'

const storable = (max: number) =>
  z.string().min(1).max(max).refine(isStorable, 'Text with NUL or half a surrogate pair cannot be kept.')

export const SessionId = z.object({ id: storable(1_024).describe('Id of a session') })
export const WorkerId = z.object({ id: storable(256).describe('Id of a worker') })
export const WorkerShard = z.object({
  id: storable(256).describe('Id of a worker'),
  shardId: storable(1_024).describe('Id of a shard'),
})
/** Numbers in queries, written as such. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `A whole number from ${min} to ${max} is wanted.`)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max))
export const Cursor = storable(2_048)

const StrictNeeds = z.strictObject(Needs.shape)
/** A misspelt setting that passed in silence would be found out by its lack of effect, much later. */
export const StrictConfig = z.strictObject({ ...SessionConfig.shape, needs: StrictNeeds.default({}) })
const StrictRun = z.strictObject(HostRun.shape)
export const StrictSession = z.strictObject({
  ...SessionRequest.shape,
  config: StrictConfig.prefault({}),
  run: StrictRun.prefault({}),
})
const WithoutTests = StrictSession.omit({ tests: true })

/** What could have been meant, by the path of the object. */
const NAMES = {
  '': Object.keys(StrictSession.shape),
  config: Object.keys(StrictConfig.shape),
  run: Object.keys(HostRun.shape),
  'config.needs': Object.keys(Needs.shape),
}

/** `testFiles` is what others call `tests`. */
export function withTests(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('testFiles' in body) || 'tests' in body) return body
  const { testFiles, ...rest } = body
  return { ...rest, tests: testFiles }
}

/**
 * Tests one by one: it ends at the twentieth that is wrong, and says of each what is wrong with it, not with a union.
 * @throws BadInput
 */
export function readSession(body: unknown): z.output<typeof StrictSession> {
  const { tests, ...others } = (typeof body === 'object' && body !== null && !Array.isArray(body) ? body : { body }) as {
    tests?: unknown
  }
  const issues: Issue[] = []
  const rest = WithoutTests.safeParse(typeof body === 'object' && body !== null && !Array.isArray(body) ? others : body)
  if (!rest.success) issues.push(...issuesOf(rest.error, '', NAMES))
  const read = tests === undefined ? undefined : readTests(tests, issues)
  if (issues.length > 0) throw new BadInput(issues)
  return { ...rest.data!, ...(read ? { tests: read } : {}) }
}

function readTests(tests: unknown, issues: Issue[]): (string | SessionTest)[] {
  if (!Array.isArray(tests)) issues.push({ path: 'tests', message: 'A list of paths or of tests is wanted.' })
  else if (tests.length > MOST_TESTS)
    issues.push({ path: 'tests', message: `At most ${MOST_TESTS} tests at a time, not ${tests.length}.` })
  else {
    const read: (string | SessionTest)[] = []
    for (let at = 0; at < tests.length && issues.length < MOST_ISSUES; at++)
      read.push(readTest(tests[at], `tests.${at}`, issues)!)
    return read
  }
  return []
}

function readTest(test: unknown, path: string, issues: Issue[]): string | SessionTest | undefined {
  if (typeof test === 'string') {
    if (test.length < 1 || test.length > 4_096) issues.push({ path, message: 'A path of 1 to 4,096 characters is wanted.' })
    return test
  }
  const read = SessionTest.safeParse(test)
  if (!read.success) issues.push(...issuesOf(read.error, path))
  return read.data
}

/** What is wrong with a configuration; `strategies` are those that there are. */
export function configIssues(config: unknown, strategies: readonly string[]): Issue[] {
  const read = StrictConfig.safeParse(config)
  if (!read.success) return issuesOf(read.error, '', { '': NAMES.config, needs: NAMES['config.needs'] })
  const { strategy } = read.data
  if (strategies.includes(strategy)) return []
  return [
    {
      path: 'strategy',
      message: `There is no strategy "${strategy.slice(0, 100)}". ${namesHint(strategy.slice(0, 100), strategies)}`,
    },
  ]
}

/** A result by itself, with whose it is beside its own fields, or under `result`. */
const OfResult = {
  sessionId: z.string().min(1).max(1_024).optional(),
  shardId: z.string().min(1).max(1_024).optional(),
  /** int4 of the database */
  attempt: z.number().int().min(0).max(2_147_483_647).optional(),
}
export const ReportedResult = z.object({ ...OfResult, result: TestResult })
export const FlatResult = TestResult.extend(OfResult)
export const ResultBody = z.union([ReportedResult, FlatResult])

/** @throws BadInput */
export function readResult(body: unknown): ResultReport {
  const isReport = typeof body === 'object' && body !== null && 'result' in body
  const read = (isReport ? ReportedResult : FlatResult).safeParse(body)
  if (!read.success) throw new BadInput(issuesOf(read.error))
  if ('result' in read.data) return read.data
  const { sessionId, shardId, attempt, ...result } = read.data
  return { sessionId, shardId, attempt, result }
}
