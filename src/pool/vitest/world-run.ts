import { relative } from 'node:path'
import type { TestProject } from 'vitest/node'
import { NOTICES } from '../../contracts/host-wire.ts'
import { Attempt, finishedAnswer } from './attempt.ts'
import { hangReport } from './hang-report.ts'
import type { HostLoss } from './host-link.ts'
import type { Doubt } from './judgement.ts'
import { type LastMoments, lastMoments } from './last-words.ts'
import { isCall, type RpcAnswer, type RpcCall, type RunRequest, type WorkerAnswer } from './messages.ts'
import type { Session } from './session.ts'
import type { Failure } from './verdict.ts'
import type { World } from './world.ts'
import { WrittenFiles } from './written-files.ts'

export type Outcome =
  /** To be reported as it is: nothing failed, or exactly what a fork has failed with before. */
  | { kind: 'passed'; finish: WorkerAnswer; failure: Failure | undefined; why: string }
  | { kind: 'doubtful'; doubt: Doubt }
  | { kind: 'lost'; loss: HostLoss; wasSilent: boolean }
  | { kind: 'hung'; silentMs: number }
  /** Vitest does not want to know any more. */
  | { kind: 'aborted' }

export interface WorldRunContext {
  project: TestProject
  session: Session
  /** To Vitest. */
  up(message: unknown): void
}

const TALKS = 'it records annotations or other artifacts, which Vitest has to hear of while the file runs'

/** Ids are told apart from those of all other calls on a worker's channel. */
let asked = 0

/** One run request in a world, from its sending to a decision about what it reported. */
export class WorldRun {
  readonly attempt: Attempt
  readonly written = new WrittenFiles()
  readonly outcome: Promise<Outcome>
  readonly #world: World
  readonly #request: RunRequest
  readonly #context: WorldRunContext
  readonly #asksForSnapshots = new Set<string>()
  readonly #asksForFiles = new Set<string>()
  /** What Vite itself said against the test files. */
  readonly #refusals = new Set<string>()
  #moments: LastMoments = lastMoments([])
  /** Calls that the host has answered already; each settles with Vitest's own answer: its error, or nothing. */
  readonly #notices = new Map<string, (refusal: unknown) => void>()
  readonly #refused: Promise<unknown>[] = []
  readonly #aborted = Promise.withResolvers<Outcome>()

  constructor(world: World, request: RunRequest, context: WorldRunContext) {
    this.#world = world
    this.#request = request
    this.#context = context
    const { outputStream, errorStream } = context.project.vitest.logger
    this.attempt = new Attempt({
      up: (message) => {
        if (isCall(message)) this.#learn(message)
        this.#up(message)
      },
      down: (message) => world.send(message),
      held: (call) => this.written.observe(call),
      output: (fd, chunk) => (fd === 1 ? outputStream : errorStream).write(chunk),
    })
    if (this.#mayWriteSnapshots) for (const { filepath } of request.context.files) this.written.watch(filepath)
    this.outcome = this.#watch()
    world.tenant = this.attempt
    world.send(request)
    this.#askAhead()
  }

  /** See `Attempt.swallows`. */
  swallows(answer: RpcAnswer): boolean {
    if (this.#asksForFiles.delete(answer.i) && answer.e !== undefined) this.#refusals.add(messageOf(answer.e))
    if (this.#asksForSnapshots.delete(answer.i) && typeof answer.r === 'string') this.written.watch(answer.r)
    const notice = this.#notices.get(answer.i)
    notice?.(answer.e)
    return notice !== undefined || this.attempt.swallows(answer)
  }

  abort(): void {
    this.attempt.drop()
    this.#aborted.resolve({ kind: 'aborted' })
  }

  /** Tells Vitest what the file had reported, and that it hung. @returns the message that ends the run */
  async reportHang(silentMs: number): Promise<WorkerAnswer> {
    const files = this.#request.context.files.map(({ filepath }) => relative(process.cwd(), filepath))
    const hang = { files, silentMs, limitMs: this.#hangLimitMs(), moments: this.#moments }
    const { calls, loose } = hangReport(this.attempt, hang)
    for (const call of calls) this.attempt.add(call)
    await this.attempt.replay()
    return finishedAnswer(loose)
  }

  async #watch(): Promise<Outcome> {
    const { session } = this.#context
    const watch = session.watchdog.watch(this.#world.link, () => this.#hangLimitMs())
    try {
      return await Promise.race([
        this.#decided(),
        this.#world.gone.then((loss): Outcome => ({ kind: 'lost', loss, wasSilent: !this.attempt.hasSpoken })),
        this.attempt.startFailed.then((error): Outcome => ({
          kind: 'doubtful',
          doubt: { kind: 'start-failed', message: textOf(error) },
        })),
        this.attempt.talked.then((): Outcome => ({ kind: 'doubtful', doubt: { kind: 'unfit', reason: TALKS } })),
        this.#world.unfit.then((reason): Outcome => ({ kind: 'doubtful', doubt: { kind: 'unfit', reason } })),
        watch.hung.then((silentMs): Outcome => {
          // Before its host is killed, because that takes the words away.
          this.#moments = lastMoments(this.#world.link.lastWords())
          return { kind: 'hung', silentMs }
        }),
        this.#aborted.promise,
      ])
    } finally {
      watch.stop()
    }
  }

  async #decided(): Promise<Outcome> {
    const finish = await this.attempt.finished
    // The environment's end belongs to the file: an error there is reported too, so it has to be believed too.
    const end = this.#world.isOnce ? await this.#world.end() : undefined
    const refused = (await Promise.all(this.#refused)).find((error) => error !== undefined)
    if (refused !== undefined) return { kind: 'doubtful', doubt: { kind: 'refused', message: textOf(refused) } }
    const failure = this.attempt.verdict.failure(finish.error ?? end?.error)
    if (!failure) return { kind: 'passed', finish, failure, why: 'passed' }
    // Vite has no better opinion of the file for a process of its own.
    if (this.attempt.verdict.hasOnlyFileErrors(this.#refusals) && finish.error === undefined && end?.error === undefined)
      return { kind: 'passed', finish, failure, why: 'Vite cannot transform it' }
    const { session, project } = this.#context
    if (session.settings.isJudging && !session.isConfirmed(project, this.#request, failure))
      return { kind: 'doubtful', doubt: { kind: 'failed', failure } }
    return { kind: 'passed', finish, failure, why: 'fails in the very same way as in a process of its own' }
  }

  /**
   * Tests that never wait run in one turn of the event loop, all of them: the limit is what they may take together.
   * A test that is over its own timeout fails anyway.
   */
  #hangLimitMs(): number {
    const { hangLimitMs, isHangLimitExact } = this.#context.session.settings
    if (isHangLimitExact) return hangLimitMs
    return Math.max(hangLimitMs, this.attempt.verdict.allTimeoutsMs())
  }

  get #mayWriteSnapshots(): boolean {
    return this.#context.project.vitest.config.snapshotOptions.updateSnapshot !== 'none'
  }

  /** A world is for one file: only then its questions are that file's. */
  get #onlyFile(): string | undefined {
    return this.#world.isOnce ? this.#request.context.files[0]?.filepath : undefined
  }

  #learn(call: RpcCall): void {
    const { project, session } = this.#context
    if (this.#onlyFile !== undefined) session.foresight(project).learn(call, this.#onlyFile)
  }

  #askAhead(): void {
    const { project, session } = this.#context
    if (this.#onlyFile === undefined) return
    for (const { m, a } of session.foresight(project).questions(this.#onlyFile)) {
      const id = `ahead-${++asked}`
      this.#world.asked(id, m, a)
      this.#up({ t: 'q', i: id, m, a })
    }
  }

  #up(message: unknown): void {
    this.#noteSnapshotPath(message)
    this.#noteFetch(message)
    this.#noteNotice(message)
    this.#context.up(message)
  }

  #noteNotice(message: unknown): void {
    const { m, i } = message as { m?: string; i?: string }
    if (m === undefined || i === undefined || !NOTICES.has(m)) return
    this.#refused.push(new Promise((resolve) => this.#notices.set(i, resolve)))
  }

  #noteFetch(message: unknown): void {
    const { m, i, a } = message as { m?: string; i?: string; a?: unknown[] }
    if (m !== 'fetch' || i === undefined) return
    // Below its root Vite names a file from there.
    const path = String(a?.[0])
    const { root } = this.#context.project.config
    if (this.#request.context.files.some(({ filepath }) => filepath === path || filepath === root + path))
      this.#asksForFiles.add(i)
  }

  #noteSnapshotPath(message: unknown): void {
    const { m, i } = message as { m?: string; i?: string }
    if (m === 'resolveSnapshotPath' && i !== undefined && this.#mayWriteSnapshots) this.#asksForSnapshots.add(i)
  }
}

const messageOf = (error: unknown) => String((error as { message?: unknown } | null)?.message ?? error)

function textOf(error: unknown): string {
  return messageOf(error).split('\n', 1)[0]!
}
