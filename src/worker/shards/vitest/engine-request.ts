import type { SessionTest } from '../../../contracts/session.ts'

/** What the shard program asks of the process in which Vitest is; each is served after the one before. */
export type EngineRequest = { run: { tests: SessionTest[] } } | { list: true }
