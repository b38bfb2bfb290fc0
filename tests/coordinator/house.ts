import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SessionTest, TestResult } from '../../src/contracts/session.ts'
import type { ShardOrder } from '../../src/contracts/shard-run.ts'
import type { WorkerRegistration } from '../../src/contracts/worker.ts'
import { type CoordinatorOptions, type LinkedCoordinator, openCoordinator } from '../../src/coordinator/coordinator.ts'
import { openShardQueue } from '../../src/coordinator/queue.ts'
import { COORDINATOR_TABLES } from '../../src/coordinator/tables.ts'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open.ts'
import { databaseCache } from '../support/databases.ts'

/** A database that lasts for a test file, and coordinators on it. */
export interface House {
  db: Database
  open(options?: Partial<CoordinatorOptions>): Promise<LinkedCoordinator>
  close(): Promise<void>
}

/** @param db with the coordinator's tables; absent: an embedded one of its own, that ends with the house */
export async function house(db?: Database): Promise<House> {
  if (db) return houseOn(db)
  const folder = await mkdtemp(join(tmpdir(), 'everwarm-coordinator-'))
  const own = await openDatabase({ folder: join(folder, 'db'), cacheFolder: databaseCache, migrations: COORDINATOR_TABLES })
  const home = await houseOn(own)
  return {
    ...home,
    async close() {
      await home.close()
      await own.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function houseOn(db: Database): Promise<House> {
  const queue = await openShardQueue(db, { leaseSeconds: 30 })
  const opened: LinkedCoordinator[] = []
  return {
    db,
    async open(options) {
      const coordinator = await openCoordinator({
        db,
        queue,
        adminToken: 'admin',
        complain: (what, error) => console.error(what, error),
        ...options,
      })
      opened.push(coordinator)
      return coordinator
    },
    async close() {
      for (const coordinator of opened) await coordinator.close()
      await queue.close()
    },
  }
}

/** A worker without a wire: it keeps what it is given until it is told what became of it. */
export interface SimpleWorker {
  id: string
  orders: ShardOrder[]
  stopped: string[]
  ended: string[]
  /** Resolves with the next order that has not been asked for yet. */
  next(): Promise<ShardOrder>
  report(order: ShardOrder, testId: string, result?: Partial<TestResult>): Promise<string>
  /** It is through with the shard. */
  end(order: ShardOrder, error?: { code: string; message: string }): Promise<string>
  /** All tests of an order, green, and its end. */
  run(order: ShardOrder): Promise<void>
  leave(isGoodBye?: boolean): Promise<void>
}

export interface WorkerTraits extends Partial<WorkerRegistration> {
  id: string
  running?: { shardId: string; attempt: number }[]
  /** Works off whatever it gets. */
  isEager?: boolean
}

export async function worker(
  coordinator: LinkedCoordinator,
  traits: WorkerTraits,
): Promise<SimpleWorker & { keep: string[]; stop: string[] }> {
  const { id, running = [], isEager = false } = traits
  const orders: ShardOrder[] = []
  const unasked: ShardOrder[] = []
  const asking: ((order: ShardOrder) => void)[] = []
  const self: SimpleWorker = {
    id,
    orders,
    stopped: [],
    ended: [],
    next: () => {
      const order = unasked.shift()
      return order ? Promise.resolve(order) : new Promise((resolve) => asking.push(resolve))
    },
    report: ({ shardId, attempt }, testId, result = {}) =>
      coordinator.say({
        type: 'result',
        workerId: id,
        shardId,
        attempt,
        result: { testId, status: 'passed', duration: 1, ...result },
      }),
    async run(order) {
      for (const test of order.tests) await self.report(order, test.id)
      await self.end(order)
    },
    end: ({ shardId, attempt }, error) =>
      coordinator.say({ type: 'ended', workerId: id, shardId, attempt, ...(error ? { error } : {}) }),
    leave: (isGoodBye = false) => coordinator.disconnect(id, isGoodBye),
  }
  const answer = await coordinator.connect({
    workerId: id,
    registration: {
      type: 'remote',
      ...traits,
      capabilities: { browsers: [], maxConcurrent: 1, ...traits.capabilities },
    },
    running,
    give(order) {
      orders.push(order)
      const asked = asking.shift()
      if (asked) asked(order)
      else unasked.push(order)
      if (isEager) void self.run(order)
    },
    stop(shardId) {
      self.stopped.push(shardId)
    },
    sessionEnded(sessionId) {
      self.ended.push(sessionId)
    },
  })
  return { ...self, ...answer }
}

export const someTests = (count: number, traits: Partial<SessionTest> = {}): SessionTest[] =>
  Array.from({ length: count }, (_, i) => ({ id: `t${i}`, path: `tests/t${i}.test.ts`, duration: 100, ...traits }))

/** Resolves with the session as it is when it has ended. */
export async function ending(coordinator: LinkedCoordinator, sessionId: string) {
  return new Promise<Awaited<ReturnType<LinkedCoordinator['session']>>>((resolve, reject) => {
    const look = async () => {
      const session = await coordinator.session(sessionId)
      if (session.finishedAt !== null) {
        unwatch()
        resolve(session)
      }
    }
    const unwatch = coordinator.watch((events) => {
      if (events.some((event) => event.type === 'session:completed' && event.sessionId === sessionId)) look().catch(reject)
    })
    void look().catch(reject)
  })
}
