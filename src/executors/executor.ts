import type { Readable } from 'node:stream'
import type { HearLinkOutside } from '../content/archive/packed-link.ts'
import type { Container, Job, Pod } from '../contracts/workflow/container.ts'
import type { GlobPatterns } from '../contracts/workflow/globs.ts'
import type { Probe } from '../contracts/workflow/service.ts'
import type { FieldNote } from './field-notes.ts'

export type { GlobPatterns } from '../contracts/workflow/globs.ts'

/**
 * Where workflows run. The engine decides what runs and when; an executor knows how a command, a file or a service comes into
 * being in its world, and how all of it goes away again.
 */
export interface Executor {
  readonly name: ExecutorName
  /** Fields that mean nothing here; said before anything runs. */
  readonly ignores: readonly FieldNote[]
  /** What can be known to be asked wrongly before anything is begun; asks nobody. @throws EverwarmError BAD_INPUT */
  check?(): void
  /** @throws EverwarmError EXECUTOR_UNREACHABLE */
  open(execution: ExecutionRequest): Promise<ExecutionRoom>
  /** Removes what executions have left whose engine is dead; what lives is not touched. @returns how many things it removed */
  sweep(): Promise<number>
  close(): Promise<void>
}

export type ExecutorName = 'local' | 'container' | 'kubernetes'

export interface ExecutionRequest {
  /** Lower-case letters and digits, unique; a mark of it is on everything that is made. */
  id: string
  /** Name of the workflow. */
  workflow: string
  /** Told each value of a secret that the platform itself has put somewhere, before any command that sees it has begun. */
  secret?(value: string): void
}

/** All sites of one execution; they reach each other's services. */
export interface ExecutionRoom {
  /** @throws EverwarmError SITE_FAILED */
  openSite(request: SiteRequest): Promise<Site>
  /** Ends and removes everything, also what a site has left. May be called twice. */
  close(): Promise<void>
}

export interface SiteRequest {
  /** Lower-case letters, digits and `-`, at most 40 characters, unique in its execution. */
  id: string
  /** All commands that it may be asked to run, for who must know them beforehand. Texts may still hold `{{ env.… }}`. */
  commands: readonly PlannedCommand[]
  job?: Job
  pod?: Pod
  /** Name → claim; `pod.volumes` refer to it by this name, a DNS label that is unique among all executions. */
  pvcs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Ends the wait for it. */
  signal: AbortSignal
}

export interface PlannedCommand {
  /** Of the operation, unique in the site. */
  ref: string
  container: Container
  /** May share a container with others of the same settings; otherwise nothing outside of volumes is seen by another command. */
  isShared: boolean
}

/** One worker's place, or that of the workflow itself: folders, and commands one after the other. */
export interface Site {
  readonly id: string
  readonly files: SiteFiles
  /** All variables that a command of this container sees before its own: of the image, from secrets, of the machine. */
  environment(command: PlannedCommand): Promise<Readonly<Record<string, string>>>
  /** @throws EverwarmError COMMAND_NOT_STARTED: no such program, folder or image */
  start(command: SiteCommand): Promise<SiteProcess>
  /** Begins one instance; resolves when its main process has started and its address is known. @throws EverwarmError SERVICE_FAILED */
  startService(request: ServiceRequest): Promise<SiteService>
  /** Kills what runs, removes its folders and services. May be called twice. */
  close(): Promise<void>
}

export interface SiteCommand extends PlannedCommand {
  /** Program and arguments; absent: those of the image. */
  argv?: readonly string[]
  /** What it sees beside `environment`; wins over it. */
  env: Readonly<Record<string, string>>
  /** As `files.path` gives it; absent: the image's, or the folder of the source. */
  cwd?: string
  /** While a promise is open nothing more is read. */
  hear: Hear
}

export type Hear = (stream: 'stdout' | 'stderr', bytes: Buffer) => void | Promise<void>

export interface SiteProcess {
  /** After the last output. */
  readonly ended: Promise<ProcessEnd>
  /** Stops all that it has started, and lets it go on. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** SIGTERM to all that it has started, SIGKILL after `graceMs`; also what is paused. Resolves when nothing is left. */
  stop(graceMs: number): Promise<void>
}

export interface ProcessEnd {
  /** Absent if a signal or the loss of its place ended it. */
  exitCode?: number
  signal?: string
  /** Why, if it was neither: `OOMKilled`, `lost`. */
  reason?: string
}

/** Files as commands of the site see them. */
export interface SiteFiles {
  /** Absolute path for commands: relative ones begin at `/data/repo`; where there are no containers `/data` lies elsewhere. */
  path(path: string): string
  /** @throws EverwarmError FILE_NOT_READ: absent, no file, or more than `mostBytes` */
  readFile(path: string, mostBytes: number): Promise<Buffer>
  /** Makes folders on the way. */
  writeFile(path: string, content: Buffer, mode?: number): Promise<void>
  /** Regular, non-hidden files directly in a folder that have at most `mostBytes`; none if there is no such folder. */
  readSmall(folder: string, mostBytes: number): Promise<Readonly<Record<string, Buffer>>>
  /** Absolute paths of files, sorted by code units; patterns are absolute. */
  glob(patterns: GlobPatterns): Promise<string[]>
  /**
   * A gzipped tar of what `patterns` (relative to `from`) match: sorted, fixed owner and times, links kept, empty folders too.
   * @param onLinkOutside hears of links that leave `from`, which are left out; absent: the archive is refused for them
   * @throws EverwarmError FILE_NOT_READ: no folder, or where there are no containers one that a link leads to out of the site
   */
  pack(from: string, patterns: GlobPatterns, onLinkOutside?: HearLinkOutside): Promise<Readable>
  /** Unpacks a gzipped tar into a folder. @throws EverwarmError ARCHIVE_REFUSED: it leaves the folder, or is too large */
  unpack(to: string, archive: Readable): Promise<void>
  /** Empties a folder, and makes it if there is none. */
  empty(folder: string): Promise<void>
}

export interface ServiceRequest {
  name: string
  /** As `SiteRequest.id`. */
  id: string
  container: Container
  argv?: readonly string[]
  env: Readonly<Record<string, string>>
  cwd?: string
  pod?: Pod
  pvcs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Ports on which it says it listens. */
  ports: readonly number[]
  restartPolicy: 'Never' | 'OnFailure'
  probe?: Probe
  /** Puts files there before its main process begins. */
  prepare?: (files: SiteFiles) => Promise<void>
  hear: Hear
  signal: AbortSignal
}

export interface SiteService {
  /** Under which commands of all sites of the execution reach it. */
  readonly address: string
  /** Port on which it says it listens → port at which it is reached. */
  readonly ports: Readonly<Record<number, number>>
  /** One try of the probe; where the platform probes by itself, what it says. Never throws. */
  tryProbe(timeoutMs: number): Promise<boolean>
  /** When it is not started again. */
  readonly ended: Promise<ProcessEnd>
  /** @throws EverwarmError if it cannot be known */
  health(): Promise<ServiceHealth>
  close(): Promise<void>
}

export interface ServiceHealth {
  /** Ends other than by itself with 0, also before a restart, each of them once; empty: healthy. */
  faults: readonly string[]
  restarts: number
}
