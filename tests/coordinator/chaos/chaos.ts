import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { EverwarmError } from '../../../src/contracts/errors.ts'
import { type CoordinatorClient, coordinatorClient } from '../../../src/coordinator/http/client.ts'
import type { SessionResults } from '../../../src/coordinator/service.ts'
import { chance } from './chance.ts'
import { type Fault, faultBy, inflict, programsOf } from './faults.ts'
import { type Fleet, openFleet } from './fleet.ts'
import { faultsOf } from './judge.ts'
import { type Witness, witness } from './witness.ts'

export interface ChaosOptions {
  seed: number
  rounds: number
  databaseUrl?: string | undefined
  coordinators: number
  cache: string
  /** Only faults of this kind. */
  only?: Fault | undefined
  onRound?(round: number, what: string): void
}

export interface ChaosReport {
  rounds: number
  tests: number
  byFault: Record<string, number>
  slowestMs: number
  /** Of each round that went wrong, all that is known of it. */
  failures: string[]
  complaints: string
}

const WORKERS = 4
/** Sessions that overlap. */
const LANES = 4
/** Far beyond what any fault takes to be noticed. */
const PATIENCE_MS = 120_000

interface Scene {
  fleet: Fleet
  client: CoordinatorClient
  seen: Witness
  options: ChaosOptions
  /** One fault after the other, each until what was killed is there again. */
  inTurn<T>(act: () => Promise<T>): Promise<T>
}

/** Rounds of a session each, in which something is killed; says which of them lost, doubled or changed anything. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { databaseUrl, coordinators, cache, seed, rounds } = options
  const fleet = await openFleet({ databaseUrl, coordinators, workers: WORKERS, cache, uniform: chance(seed) })
  const client = coordinatorClient({ url: fleet.url, token: fleet.token })
  const seen = witness(client)
  const report: ChaosReport = { rounds: 0, tests: 0, byFault: {}, slowestMs: 0, failures: [], complaints: '' }
  const scene: Scene = { fleet, client, seen, options, inTurn: turns() }
  let next = 0
  const lane = async () => {
    while (next < rounds && report.failures.length === 0) await oneRound(scene, next++, report)
  }
  try {
    await Promise.all(Array.from({ length: LANES }, lane))
    report.failures.push(...seen.faults)
  } finally {
    await seen.close()
    await fleet.close()
  }
  const left = await settled(() => fleet.left())
  if (left.length > 0) report.failures.push(`Left over after the end:\n${left.join('\n')}`)
  report.complaints = fleet.complaints()
  return report
}

async function oneRound(scene: Scene, round: number, report: ChaosReport): Promise<void> {
  const { options, fleet, client, seen } = scene
  const uniform = chance(options.seed * 1_000_003 + round)
  const fault = options.only ?? faultBy(uniform(), options.databaseUrl !== undefined)
  const sessionId = randomUUID()
  const testIds = Array.from({ length: 20 + Math.floor(uniform() * 21) }, (_, i) => `r${round}-t${i}`)
  const atMs = Math.floor(uniform() * 1_000)
  const startedMs = performance.now()
  const faults: string[] = []
  try {
    const run = async () => {
      await start(client, sessionId, testIds)
      await seen.ended(sessionId)
    }
    const inflicted = wait(atMs).then(() => scene.inTurn(() => inflict(fault, fleet, sessionId, options.databaseUrl, uniform)))
    await within(PATIENCE_MS, Promise.all([run(), inflicted]))
    const session = await again(() => client.session(sessionId))
    const results = await again(() => allResults(client, sessionId))
    faults.push(...faultsOf({ testIds, session, results, events: seen.of(sessionId) }))
    const left = await settled(() => programsOf(sessionId))
    if (left.length > 0) faults.push(`its programs still run: ${left.join(', ')}`)
  } catch (error) {
    faults.push(String(error))
  }
  const tookMs = Math.round(performance.now() - startedMs)
  report.rounds += 1
  report.tests += testIds.length
  report.byFault[fault] = (report.byFault[fault] ?? 0) + 1
  report.slowestMs = Math.max(report.slowestMs, tookMs)
  options.onRound?.(round, `${fault} after ${atMs} ms, ${tookMs} ms`)
  if (faults.length > 0)
    report.failures.push(
      await story(scene, sessionId, `Round ${round} of seed ${options.seed} (${fault} after ${atMs} ms)`, faults),
    )
}

const start = (client: CoordinatorClient, id: string, testIds: readonly string[]) =>
  again(() =>
    client.start({
      id,
      tests: testIds.map((testId) => ({ id: testId, path: testId })),
      // A test that is at work when something is killed is begun again, and may have bad luck more than twice here.
      config: { maxRetries: 10, sessionTimeoutMs: 2 * PATIENCE_MS },
      run: { host: 'auto' },
    }),
  )

async function allResults(client: CoordinatorClient, sessionId: string) {
  const results: SessionResults['results'] = []
  for await (const result of client.results(sessionId)) results.push(result)
  return results
}

const PASSING = new Set(['COORDINATOR_UNREACHABLE', 'DATABASE_UNREACHABLE', 'NO_WORKER', 'NO_WORKER_FITS'])

/** As a sensible client does: what is passing is tried again. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      // An answer that broke off in the middle has no code of ours.
      if (error instanceof EverwarmError && !PASSING.has(error.code)) throw error
    }
    await wait(100)
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const over = new AbortController()
  const late = wait(ms, undefined, { signal: over.signal }).then(() =>
    Promise.reject(new Error(`It did not end within ${ms} ms.`)),
  )
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
    late.catch(() => undefined)
  }
}

/** What is still there when it has had time to go. */
async function settled<T>(look: () => T[]): Promise<T[]> {
  const untilMs = performance.now() + 10_000
  for (let left = look(); ; left = look()) {
    if (left.length === 0 || performance.now() > untilMs) return left
    await wait(50)
  }
}

function turns(): Scene['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (act) => {
    const turn = last.then(act)
    last = turn.catch(() => undefined)
    return turn
  }
}

async function story(
  { client, fleet, seen }: Scene,
  sessionId: string,
  title: string,
  faults: readonly string[],
): Promise<string> {
  const [session, workers] = await Promise.all([
    client.session(sessionId).catch((error: unknown) => String(error)),
    client.workers().catch((error: unknown) => String(error)),
  ])
  const events = seen.of(sessionId).map(({ id, at, type, data }) => `  ${id} ${at} ${type} ${JSON.stringify(data)}`)
  return [
    title,
    ...faults.map((fault) => `- ${fault}`),
    `session ${JSON.stringify(session)}`,
    `workers ${JSON.stringify(workers)}`,
    ...events,
    fleet.complaints(),
  ].join('\n')
}
