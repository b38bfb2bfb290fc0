import type { ErrorInfo } from '../../contracts/error-info.ts'
import type { SessionTest, TestResult } from '../../contracts/session.ts'
import type { ShardOrder } from '../../contracts/shard-run.ts'

/** A file that a test left behind, for whoever looks at the result. */
export interface Attachment {
  path: string
  name: string
  /** MIME type */
  type: string
  /** Index in `cases` of the result; absent: of the file as a whole. */
  caseIndex?: number
}

/** A result with what belongs to it and is not in it. */
export interface FoundResult {
  result: TestResult
  /** The host's own report of this test; removed once it is published. */
  reportPath?: string
  attachments?: Attachment[]
}

/** What a host says while it runs tests. */
export interface HostEvents {
  started(testId: string): void
  /** It gets on: what is silent for too long has hung. */
  alive(testId: string): void
  result(found: FoundResult): void
  output(stream: 'stdout' | 'stderr', text: string): void
}

/** Tests of one shard that are being run. */
export interface HostShard {
  /** The host is through: results that have not come will not come. `error`: something that belongs to no test. */
  readonly ended: Promise<ErrorInfo | undefined>
  /** Ends it within 1.5 s, by force; no event follows. */
  stop(): Promise<void>
}

/** One test framework, as this project is set up for it. */
export interface TestHost {
  run(order: ShardOrder, tests: readonly SessionTest[], events: HostEvents): HostShard
  /** @throws EverwarmError LIST_FAILED, HOST_START_FAILED */
  list(): Promise<SessionTest[]>
  close(): void
}

/** What a host's process tells the shard program over its channel. */
export type HostMessage =
  | { kind: 'ready' }
  | { kind: 'failed'; error: ErrorInfo }
  | { kind: 'started' | 'alive'; testId: string }
  | ({ kind: 'result' } & FoundResult)
  | { kind: 'output'; stream: 'stdout' | 'stderr'; text: string }
  /** `error`: of no test. `again`: tests are left that did not run because others could not be loaded. */
  | { kind: 'ended'; error?: ErrorInfo; again?: boolean }
  | { kind: 'listed'; tests: SessionTest[] }
