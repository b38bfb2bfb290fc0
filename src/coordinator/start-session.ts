import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { EverwarmError } from '../contracts/errors.ts'
import type { SessionRequest, SessionTest } from '../contracts/session.ts'
import type { Queries } from '../database/database.ts'
import { type ClassNeeds, classOf, combinedNeeds, fits, needsOf, needsOfRun, needsText } from './capability-class.ts'
import type { Core } from './core.ts'
import { cut, type CutShard, testFiles } from './cut.ts'
import { knownDurations, projectOf } from './durations.ts'
import { addShards, type NewShard } from './shard-rows.ts'
import { storableJson } from './storable.ts'
import { workerViews } from './worker-rows.ts'

/** Tests of equal needs, and for how many places they are cut. */
export interface ClassPlan {
  capabilityClass: string
  places: number
  shards: CutShard[]
}

/** Paths as tests, each id once. @throws EverwarmError BAD_INPUT */
function normalTests(given: NonNullable<SessionRequest['tests']>): SessionTest[] {
  const tests = given.map((test): SessionTest => (typeof test === 'string' ? { id: test, path: test } : test))
  if (tests.length === 0)
    throw new EverwarmError('BAD_INPUT', {
      message: 'A session of no tests has nothing to do.',
      hint: 'Give "tests" paths or objects, or leave it out to run all of the project.',
    })
  const seen = new Set<string>()
  for (const { id } of tests) {
    if (seen.has(id))
      throw new EverwarmError('BAD_INPUT', {
        message: `Two tests have the id "${id.slice(0, 200)}".`,
        hint: 'A result belongs to one id: give each test its own.',
      })
    seen.add(id)
  }
  return tests
}

/** The tests that are named, or those that a worker finds. @throws EverwarmError BAD_INPUT, NO_WORKER, LIST_FAILED */
export async function testsOf(
  request: SessionRequest,
  list: ((run: SessionRequest['run']) => Promise<SessionTest[]>) | undefined,
): Promise<SessionTest[]> {
  if (request.tests) return normalTests(request.tests)
  if (list) return normalTests(await list(request.run))
  throw new EverwarmError('BAD_INPUT', {
    message: 'The request names no tests.',
    hint: 'Give "tests" paths or objects.',
  })
}

/**
 * How the tests would be cut now.
 * @param mustRun false: only to look at; then nobody need be there
 * @throws EverwarmError NO_WORKER if nobody is there, NO_WORKER_FITS if nobody could ever run some of them
 */
export async function planSession(
  core: Core,
  request: SessionRequest,
  tests: readonly SessionTest[],
  mustRun: boolean,
): Promise<ClassPlan[]> {
  const ofRun = needsOfRun(request.run, request.config.needs)
  const byClass = Map.groupBy(tests, (test) => classOf(combinedNeeds(ofRun, test)))
  const places = await placesByClass(core, [...byClass.keys()])
  if (mustRun) for (const [capabilityClass, own] of byClass) refuseStranded(places, capabilityClass, own)
  const known = await knownDurations(
    core.db,
    projectOf(request.name, request.run),
    tests.map(({ id }) => id),
  )
  const files = new Map([...byClass].map(([name, own]) => [name, testFiles(own, known)]))
  const totalMs = [...files.values()].flat().reduce((sum, file) => sum + file.durationMs, 0)
  return [...files].map(([capabilityClass, own]) => {
    const share = own.reduce((sum, file) => sum + file.durationMs, 0) / (totalMs || 1)
    const wanted = request.config.shards === undefined ? places.get(capabilityClass)! : Math.round(request.config.shards * share)
    const count = Math.max(1, Math.min(files.size === 1 ? (request.config.shards ?? wanted) : wanted, own.length))
    const shards = cut(own, count, request.config, Date.now()).filter((shard) => shard.tests.length > 0)
    return { capabilityClass, places: count, shards }
  })
}

/** Places of workers that are there now. */
async function placesByClass(core: Core, classes: readonly string[]): Promise<Map<string, number>> {
  const present = (await workerViews(core)).filter(({ status }) => status === 'idle' || status === 'busy' || status === 'late')
  const sum = (needs: ClassNeeds) =>
    present
      .filter(({ capabilities, isConnected }) => fits({ ...capabilities, isLinked: isConnected }, needs))
      .reduce((places, { capabilities }) => places + capabilities.maxConcurrent, 0)
  return new Map([...classes.map((name) => [name, sum(needsOf(name))] as const), ['', present.length]])
}

function refuseStranded(places: ReadonlyMap<string, number>, capabilityClass: string, tests: readonly SessionTest[]): void {
  if (places.get('') === 0)
    throw new EverwarmError('NO_WORKER', {
      message: 'No worker is connected.',
      hint: 'Start one: `everwarm worker --connect ws://HOST:8632 --token TOKEN`.',
    })
  if (places.get(capabilityClass)! > 0) return
  const more = tests.length > 1 ? ` and ${tests.length - 1} more` : ''
  throw new EverwarmError('NO_WORKER_FITS', {
    message: `No worker that is connected has what ${tests[0]!.path}${more} need: ${needsText(needsOf(capabilityClass))}.`,
    hint: '`GET /api/workers` shows what each of them has.',
  })
}

/**
 * Everything of a session in one transaction: it is there as a whole, or not at all. One that is there already stays as it
 * is: an answer was lost, and the caller has asked again.
 * @returns its id
 */
export async function insertSession(
  core: Core,
  request: SessionRequest,
  tests: readonly SessionTest[],
  plans: readonly ClassPlan[],
): Promise<string> {
  const { id = randomUUID(), config, run, name } = request
  const failFast = Number(config.failFast)
  const shards = interleaved(plans)
  await core.db.transaction(async (tx) => {
    const added = await tx.query(
      `insert into everwarm.sessions (id, name, status, config, run, classes, total, fail_fast, deadline_at)
       values ($1, $2, 'pending', $3::jsonb, $4::jsonb, $5::jsonb, $6, $7, now() + make_interval(secs => $8))
       on conflict (id) do nothing returning id`,
      [
        id,
        name ?? null,
        storableJson(config),
        storableJson(run),
        JSON.stringify(plans.map((plan) => plan.capabilityClass)),
        tests.length,
        failFast,
        config.sessionTimeoutMs / 1_000,
      ],
    )
    if (added.length === 0) return
    const ids = await addShards(core, tx, id, shards, 0)
    await insertTests(tx, id, tests, shards, ids)
    const data = { name: name ?? null, total: tests.length, shards: shards.length, strategy: config.strategy }
    await core.log.append([{ type: 'session:created', sessionId: id, data }], tx)
  })
  core.log.announce()
  return id
}

/** Shards of all classes in the order in which they should begin: the first of each, then the second… */
function interleaved(plans: readonly ClassPlan[]): NewShard[] {
  const lists = plans.map(({ capabilityClass, shards }) =>
    shards.map((shard, i) => ({
      at: i / shards.length,
      capabilityClass,
      tests: shard.tests.map(({ id, durationMs }) => ({ id, estimateMs: durationMs })),
    })),
  )
  return lists.flat().sort((a, b) => a.at - b.at)
}

/** A statement's parameters are kept below some MB, and an embedded database lets others have a turn in between. */
const ROWS_AT_ONCE = 5_000

async function insertTests(
  tx: Queries,
  sessionId: string,
  tests: readonly SessionTest[],
  shards: readonly NewShard[],
  shardIds: readonly string[],
): Promise<void> {
  const bodies = new Map(tests.map((test) => [test.id, test]))
  const rows = shards.flatMap((shard, i) =>
    shard.tests.map(({ id, estimateMs }, position) => ({
      id,
      shard_id: shardIds[i],
      position,
      estimate_ms: estimateMs,
      body: bodies.get(id),
    })),
  )
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    await setImmediate()
    await tx.query(
      `insert into everwarm.tests (session_id, id, shard_id, position, estimate_ms, body)
       select $2, id, shard_id, position, estimate_ms, body
       from jsonb_to_recordset($1::jsonb) as t(id text, shard_id uuid, position int, estimate_ms float8, body jsonb)`,
      [storableJson(rows.slice(from, from + ROWS_AT_ONCE)), sessionId],
    )
  }
}
