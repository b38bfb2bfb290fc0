import { join, relative } from 'node:path'
import type { PoolOptions, WorkerRequest } from 'vitest/node'
import { EverwarmError, errorFromData } from '../../../contracts/errors.ts'
import type { ChildProfile } from '../../../contracts/profiles.ts'
import { findRuntime } from '../../../environments/vms/binaries.ts'
import { definedOnly } from '../../../system/settings.ts'
import { finishedAnswer } from '../attempt.ts'
import { asError, crashError, reportInstead } from '../crash-report.ts'
import { hangReport } from '../hang-report.ts'
import { lastMoments } from '../last-words.ts'
import {
  answer,
  asStock,
  isAnswer,
  isCall,
  isRequest,
  isRpcAnswer,
  type RpcAnswer,
  type RpcCall,
  type RunRequest,
  type StartRequest,
} from '../messages.ts'
import { phasesOf, type Session } from '../session.ts'
import { memoryName } from '../stock-pool.ts'
import { type TaskData, Verdict } from '../verdict.ts'
import { WorkerFace } from '../worker-face.ts'
import { type ChildEnd, ChildPlace, type OpenChild } from './child-place.ts'
import { coldChild } from './cold-child.ts'
import { leasedChild } from './leased-child.ts'

/** What a request that is being run has reported so far. */
interface Run {
  request: RunRequest
  verdict: Verdict
  queued: TaskData[]
  /** Of the child. */
  pid: number
  stopWatch(): void
}

export type ChildRuntime = ChildProfile['runtime']

/**
 * One worker as Vitest sees it, in a process of its own of a runtime: a child that the daemon has ready, or a new one.
 * What it reports goes to Vitest at once, and its verdict is the last.
 */
export class ChildWorker extends WorkerFace {
  readonly #options: PoolOptions
  readonly #session: Session
  readonly #runtime: ChildRuntime
  readonly #awaited = new Map<string, () => void>()
  #start: StartRequest | undefined
  #place: ChildPlace | undefined
  #run: Run | undefined
  #onStarted: ((error: unknown) => void) | undefined
  #cancel: unknown
  #isStopped = false

  constructor(options: PoolOptions, session: Session, runtime: ChildRuntime) {
    super()
    this.#options = options
    this.#session = session
    this.#runtime = runtime
  }

  send(message: WorkerRequest): void {
    if (isRequest(message)) return this.#request(message)
    const answered = isRpcAnswer(message) ? this.#awaited.get((message as RpcAnswer).i) : undefined
    if (answered) return answered()
    if ((message as { m?: string }).m === 'onCancel') this.#cancel = message
    this.#place?.send(message)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#run?.stopWatch()
    const place = this.#place
    this.#place = undefined
    await place?.close()
  }

  #request(message: WorkerRequest): void {
    switch (message.type) {
      case 'start':
        this.#start = asStock(message, 'forks')
        return this.up(answer('started'))
      case 'run':
      case 'collect':
        void this.#runInChild(message).catch((error: unknown) => this.fail(error))
        return
      case 'stop':
        if (!this.#place) return this.up(answer('stopped'))
        return this.#place.send(message)
      case 'cancel':
        return this.#place?.send(message)
    }
  }

  async #runInChild(request: RunRequest): Promise<void> {
    this.#place ??= await this.#open()
    if (this.#isStopped) return this.stop()
    const place = this.#place
    const verdict = new Verdict()
    const watch = this.#session.watchdog.watch(place, () => this.#hangLimitMs(verdict))
    const run: Run = { request, verdict, queued: [], pid: place.pid, stopWatch: watch.stop }
    this.#run = run
    void watch.hung.then((silentMs) => this.#hung(run, silentMs))
    place.send(request)
    if (this.#cancel !== undefined) place.send(this.#cancel)
  }

  async #open(): Promise<ChildPlace> {
    const profile = this.#profile()
    const about = { env: profile.env, cwd: process.cwd() }
    const { outputStream, errorStream } = this.#options.project.vitest.logger
    const place = await ChildPlace.open(this.#opener(), profile, about, {
      message: (message) => this.#receive(message),
      output: (fd, chunk) => void (fd === 1 ? outputStream : errorStream).write(chunk),
      gone: (end) => this.#gone(end),
    })
    const started = new Promise<unknown>((resolve) => (this.#onStarted = resolve))
    place.send(this.#start)
    const error = await started
    if (error === undefined) return place
    await place.close()
    throw asError(error)
  }

  /** From the daemon where it can be had; a run without it is as correct. */
  #opener(): OpenChild {
    const { leaser, settings } = this.#session
    if (this.#session.refusal !== null) return coldChild
    const leased = leasedChild(leaser, settings.waitMs)
    return async (profile, ports) => {
      try {
        return await leased(profile, ports)
      } catch (cause) {
        const { code, message, hint } = errorFromData(cause)
        // What does not start for the daemon does not start here either, and says more.
        if (code !== 'HOST_START_FAILED') this.#session.say(`no child is kept ready: ${message}${hint ? ` ${hint}` : ''}`)
        return coldChild(profile, ports)
      }
    }
  }

  #profile(): ChildProfile {
    const { env, execArgv, distPath, project } = this.#options
    const runtime = this.#runtime
    const { root } = project.config
    return {
      environment: 'vitest-child',
      runtime,
      command: findRuntime(runtime, { root, env: process.env }),
      // Those of Vitest's workers are flags of Node.
      args: runtime === 'node' ? execArgv : [],
      env: definedOnly(env),
      root,
      vitestPackage: join(distPath, '..', 'package.json'),
    }
  }

  #receive(message: unknown): void {
    if (isAnswer(message) && message.type === 'started') return this.#onStarted?.(message.error)
    if (isCall(message)) {
      this.#run?.verdict.observe(message)
      if (message.m === 'onQueued') this.#run?.queued.push(message.a[0] as TaskData)
    } else if (isAnswer(message) && message.type === 'testfileFinished') {
      const run = this.#endRun()
      if (run) this.#record(run, run.verdict.failure(message.error) !== undefined)
    }
    this.up(message)
  }

  /** For `everwarm explain`. */
  #record({ request, verdict, pid }: Run, hasFailed: boolean, end = ''): void {
    if (request.type !== 'run') return
    for (const { filepath } of request.context.files)
      this.#session.memory.ran({
        file: filepath,
        project: memoryName(this.#options.project),
        atMs: Date.now(),
        where: this.#runtime,
        why: `it asks for ${this.#runtime}${end}`,
        state: hasFailed ? 'failed' : 'passed',
        phases: phasesOf(verdict, filepath),
        hostPid: pid,
      })
  }

  #endRun(): Run | undefined {
    const run = this.#run
    run?.stopWatch()
    this.#run = undefined
    return run
  }

  #gone(end: ChildEnd): void {
    this.#place = undefined
    const run = this.#endRun()
    if (!run) return this.#onStarted?.(this.#startError(end))
    this.#record(run, true, `, and its process ended (${end.reason ?? end.signal ?? `exit code ${end.code}`})`)
    const files = namesOf(run.request)
    const tests = run.verdict.running().map(({ name }) => name)
    const error = end.reason === undefined ? crashError({ ...end, files, tests }) : lostError(files, end.reason)
    for (const message of reportInstead(error)) this.up(message)
  }

  #startError({ code, signal, reason }: ChildEnd): EverwarmError {
    return new EverwarmError('HOST_CRASHED', {
      message: `The child in ${this.#runtime} ended before it ran anything (${reason ?? signal ?? `exit code ${code}`}).`,
      hint: `Try \`${findRuntime(this.#runtime, { root: this.#options.project.config.root, env: process.env })} --version\`.`,
    })
  }

  async #hung(run: Run, silentMs: number): Promise<void> {
    if (this.#run !== run) return
    this.#run = undefined
    this.#record(run, true, ', and it hung')
    const place = this.#place
    this.#place = undefined
    // Before its process is killed, because that takes the words away.
    const moments = lastMoments(place?.lastWords() ?? [])
    place?.kill()
    const limitMs = this.#hangLimitMs(run.verdict)
    const { calls, loose } = hangReport(run, { files: namesOf(run.request), silentMs, limitMs, moments })
    for (const call of calls) await this.#ask(call)
    this.up(finishedAnswer(loose))
    await place?.close()
  }

  /** Settles with Vitest's answer. */
  #ask(call: RpcCall): Promise<void> {
    const id = call.i ?? call.m
    const answered = new Promise<void>((resolve) => this.#awaited.set(id, resolve))
    this.up(call)
    return answered
  }

  /** As in a warm host: what all tests of the file may take together, or the limit that was set. */
  #hangLimitMs(verdict: Verdict): number {
    const { hangLimitMs, isHangLimitExact } = this.#session.settings
    return isHangLimitExact ? hangLimitMs : Math.max(hangLimitMs, verdict.allTimeoutsMs())
  }

  protected override fail(error: unknown): void {
    if (error instanceof EverwarmError) for (const message of reportInstead(error)) this.up(message)
    else super.fail(error)
  }
}

const namesOf = ({ context }: RunRequest) => context.files.map(({ filepath }) => relative(process.cwd(), filepath))

function lostError(files: readonly string[], reason: string): EverwarmError {
  return new EverwarmError('HOST_CRASHED', {
    message: `The child that ran ${files.join(', ')} was taken away (${reason}); its tests have no result.`,
    hint: 'Run again.',
  })
}
