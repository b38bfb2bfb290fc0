import type { Readable } from 'node:stream'
import type { ErrorData } from '../../contracts/errors.ts'
import type { WorkflowHappening } from '../../contracts/workflow/events.ts'
import type { Executor } from '../../executors/executor.ts'
import type { Clock } from '../../system/clock.ts'
import type { KnownDocuments } from '../known-documents.ts'
import type { Prepared } from '../prepare.ts'

/** What the engine needs for one execution. */
export interface WorkflowRunOptions {
  /** Of the execution: lower-case letters and digits. */
  id: string
  prepared: Prepared
  /** Of the same files; `execute` looks here for other workflows. */
  known: KnownDocuments
  executor: Executor
  /** Texts are masked already. Never blocks, never throws. */
  tell(event: WorkflowHappening): void
  logs: LogKeeper
  artifacts: ArtifactKeeper
  secrets: SecretStore
  masks: MaskBook
  /** Folder whose files are put at `/data/repo`; absent: nothing is. */
  source?: string
  /** Files and folders that stay behind if they are in it: paths of this machine. */
  keepOut?: readonly string[]
  /** What an executor cannot do is an error, not a warning. */
  strict?: boolean
  /** Of an item of `shards`, for `by: duration` and `dynamic`; undefined: not known. */
  estimateMs?: (item: unknown) => number | undefined
  clock?: Clock
}

export interface RunningWorkflow {
  /** Never rejects. */
  readonly ended: Promise<WorkflowResult>
  /**
   * @param unit of workers as in events; absent: all
   * What cannot be stopped comes to its end, and nothing begins after it.
   * @returns how many units were not paused before, once what can be stopped stands still. Rejects with BAD_INPUT if nothing there runs
   */
  pause(unit?: string): Promise<{ paused: number }>
  /** @returns how many steps go on. @throws EverwarmError BAD_INPUT if there is no such unit */
  resume(unit?: string): { resumed: number }
  /** Gracefully: steps with `condition: always` and clean-up still run. A second time: at once. */
  cancel(reason: string): void
}

export interface WorkflowResult {
  status: 'passed' | 'failed' | 'aborted' | 'canceled'
  /** 0 passed, 1 failed, 74 a disk is full, 137 aborted or canceled, 155 bad input, 190 a fault of everwarm. */
  exitCode: 0 | 1 | 74 | 137 | 155 | 190
  error?: ErrorData
}

/** Output of steps, each in a file of the execution's folder. */
export interface LogKeeper {
  /**
   * Never throws: a disk that fails is told by one warning, and what comes is dropped.
   * @param name relative, such as `logs/r4/0.log`; one that is open already is the same file
   */
  open(name: string): LogFile
}

export interface LogFile {
  /** While its promise is open nothing more should be written. Never rejects. */
  write(bytes: Buffer): void | Promise<void>
  /** @param keep false: the file is removed. Never rejects. */
  close(keep: boolean): Promise<void>
}

export interface ArtifactKeeper {
  /**
   * Tries again with longer and longer pauses only if `content` can be read again: a function gives it anew.
   * Not more than 30 at once are on their way; others wait.
   * @param name relative, with `/`
   * @throws EverwarmError ARTIFACTS_FAILED, STORE_FULL
   */
  put(name: string, content: Readable | (() => Promise<Readable>), about: ArtifactAbout): Promise<void>
  /** Where people find them: a folder or an address. */
  readonly location: string
}

export interface ArtifactAbout {
  bytes?: number
  contentType: string
  /** `content` is gzipped, and is what it says once it is unpacked. */
  gzip?: boolean
}

/** Values never get into an error, an event or a log. */
export interface SecretStore {
  secret(name: string, key: string): string | undefined
  credential(name: string): string | undefined
  configMap(name: string, key: string): string | undefined
  /** Those that are known by their names, for people who have misspelt one. */
  names?(kind: 'secret' | 'configMap' | 'credential'): string[]
  /** undefined: there is none of that name. */
  keysOf(kind: 'secret' | 'configMap', name: string): string[] | undefined
}

/** The part of content/masks.ts that everybody needs: hides values wherever text is shown or kept. */
export interface MaskBook {
  add(value: string): void
  text(text: string): string
  /** Over any cuts between pieces; holds back only what may be the begin of a value. */
  stream(): { push(bytes: Buffer): Buffer; end(): Buffer }
}
