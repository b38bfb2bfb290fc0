import { relative } from 'node:path'
import type { PoolOptions, WorkerRequest } from 'vitest/node'
import { errorFromData } from '../../contracts/errors.ts'
import type { Attempt } from './attempt.ts'
import { crashError, reportInstead, startError } from './crash-report.ts'
import { ForkPlace } from './fork-run.ts'
import { doubtText, lessonOf, type Doubt } from './judgement.ts'
import { answer, asStock, isRequest, isRpcAnswer, type RunRequest, type StartRequest } from './messages.ts'
import { projectFacts } from './profile.ts'
import { phasesOf, type Session } from './session.ts'
import type { Verdict } from './verdict.ts'
import { memoryName, stockPoolOf } from './stock-pool.ts'
import { openWorld, World } from './world.ts'
import { WorkerFace } from './worker-face.ts'
import { WorldRun, type Outcome } from './world-run.ts'

/** Where the files of this worker run now. */
type Place = { at: 'nowhere' } | { at: 'world'; world: World } | { at: 'fork'; fork: ForkPlace }

/**
 * One worker as Vitest sees it: `start` costs nothing, a run request takes a warm host, `stop` gives it back.
 * A run that did not pass there is run again in a stock fork, and only that is reported; a worker that moved to
 * a fork stays in it.
 */
export class WarmWorker extends WorkerFace {
  readonly #options: PoolOptions
  readonly #session: Session
  #place: Place = { at: 'nowhere' }
  #start: StartRequest | undefined
  #run: WorldRun | undefined
  /** What a fork runs now. */
  #inFork: RunRequest | undefined
  #cancel: unknown
  #isStopped = false

  constructor(options: PoolOptions, session: Session) {
    super()
    this.#options = options
    this.#session = session
  }

  send(message: WorkerRequest): void {
    if (isRequest(message)) return this.#request(message)
    if (isRpcAnswer(message) && this.#run?.swallows(message)) return
    if ((message as { m?: string }).m === 'onCancel') this.#cancel = message
    this.#down(message)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    const place = this.#place
    this.#place = { at: 'nowhere' }
    this.#run?.abort()
    if (place.at === 'fork') await place.fork.stop()
    if (place.at === 'world') place.world.abandon('stopped by Vitest')
  }

  #request(message: WorkerRequest): void {
    switch (message.type) {
      case 'start':
        this.#start = asStock(message, stockPoolOf(this.#options.project.config))
        return this.up(answer('started'))
      case 'run':
      case 'collect':
        void this.#runAnywhere(message).catch((error: unknown) => this.fail(error))
        return
      case 'stop':
        return this.#endPlace(message)
      case 'cancel':
        return this.#down(message)
    }
  }

  #endPlace(message: WorkerRequest): void {
    const place = this.#place
    if (place.at === 'fork') return place.fork.send(message)
    if (place.at === 'nowhere') return this.up(answer('stopped'))
    void place.world.end(message).then((stopped) => this.up(stopped))
  }

  async #runAnywhere(request: RunRequest): Promise<void> {
    if (this.#place.at === 'fork') return this.#runInFork(request, { kind: 'follows' })
    const reason = this.#session.needsProcess(this.#options.project, request)
    if (reason !== undefined) return this.#runInFork(request, { kind: 'lesson', reason })
    // A host can end between two worlds without anybody's fault: one more is tried if it had not said a word.
    for (const isLastTry of [false, true]) {
      const world = await this.#takeWorld()
      if (this.#isStopped) return
      if (!(world instanceof World)) return this.#runInFork(request, world)
      const outcome = await this.#runInWorld(world, request)
      if (outcome.kind === 'lost' && outcome.wasSilent && !isLastTry) {
        this.#place = { at: 'nowhere' }
        continue
      }
      return this.#settle(world, request, outcome)
    }
  }

  async #takeWorld(): Promise<World | Doubt> {
    if (this.#place.at === 'world') return this.#place.world
    const { settings, keeper } = this.#session
    const facts = projectFacts(this.#options, settings.cacheDir, () => keeper.forgetRefusals())
    const isOnce = this.#options.project.config.isolate
    try {
      const world = await openWorld(keeper, facts, { isOnce, isWanted: () => !this.#isStopped, start: this.#start })
      this.#place = { at: 'world', world }
      return world
    } catch (cause) {
      const error = errorFromData(cause)
      if (!this.#isStopped) this.#session.say(`not used: ${error.message}${error.hint ? ` ${error.hint}` : ''}`)
      return { kind: 'no-host', message: error.message }
    }
  }

  #runInWorld(world: World, request: RunRequest): Promise<Outcome> {
    this.#run = new WorldRun(world, request, {
      project: this.#options.project,
      session: this.#session,
      up: (message) => this.up(message),
    })
    if (this.#cancel) world.send(this.#cancel)
    return this.#run.outcome
  }

  async #settle(world: World, request: RunRequest, outcome: Outcome): Promise<void> {
    const run = this.#run!
    switch (outcome.kind) {
      case 'aborted':
        return
      case 'passed':
        await run.attempt.replay()
        this.#record(request, { where: 'host', why: outcome.why, failure: outcome.failure, verdict: run.attempt.verdict }, world)
        return this.up(outcome.finish)
      case 'hung':
        this.#place = { at: 'nowhere' }
        world.abandon('hung')
        return this.up(await run.reportHang(outcome.silentMs))
      case 'doubtful':
        return this.#doubt(world, request, run.attempt, outcome.doubt)
      case 'lost':
        if (outcome.loss.kind === 'daemon-lost')
          this.#session.say('the daemon ended: the files it had at hand run in processes of their own')
        return this.#doubt(world, request, run.attempt, { kind: 'host-lost', loss: outcome.loss })
    }
  }

  #doubt(world: World, request: RunRequest, attempt: Attempt, doubt: Doubt): Promise<void> {
    attempt.drop()
    this.#run!.written.restore()
    // It may be in the midst of its tests, and waiting for them is of no use.
    if (doubt.kind === 'unfit') world.abandon(doubt.reason)
    // A failed test taints nothing by itself: the host can be restored and lent again.
    else void world.end()
    // what was refused is to be said again
    const announced = doubt.kind === 'refused' ? [] : attempt.queued
    return this.#runInFork(request, doubt, new Set(announced.map((file) => file.id)))
  }

  async #runInFork(request: RunRequest, doubt: Doubt, announced: ReadonlySet<string> = new Set()): Promise<void> {
    if (this.#isStopped) return
    this.#run = undefined
    if (this.#place.at !== 'fork') {
      this.#place = { at: 'nowhere' }
      const fork = await ForkPlace.open(this.#options, {
        up: (message) => this.up(message),
        error: (error) => this.fail(error),
        exit: (code, signal) => this.#crash(code, signal),
      })
      if (this.#isStopped) return fork.stop()
      this.#place = { at: 'fork', fork }
      try {
        await fork.begin(this.#start!)
      } catch (error) {
        if (fork.isGone) this.#place = { at: 'nowhere' }
        return this.#unstarted(request, error)
      }
      if (this.#place.at !== 'fork') return
    }
    this.#inFork = request
    const { fork } = this.#place
    fork.run(request, announced, (failure, verdict) => {
      this.#inFork = undefined
      this.#session.learn(this.#options.project, request, lessonOf(doubt, failure))
      this.#record(request, { where: 'fork', why: doubtText(doubt), failure, verdict })
    })
    if (this.#cancel) this.#place.fork.send(this.#cancel)
  }

  /** An environment that is not installed, a flag that Node does not know: the files have no result, and the others go on. */
  #unstarted(request: RunRequest, error: unknown): void {
    if (this.#isStopped) return
    const files = request.context.files.map(({ filepath }) => relative(process.cwd(), filepath))
    this.#reportInstead(startError(stockPoolOf(this.#options.project.config), files, error))
  }

  /** A fork that is gone is not stopped any more: Vitest's own would wait for an exit that has been. */
  #crash(code: number | null, signal: string | null): void {
    const place = this.#place
    const request = this.#inFork
    if (!request || place.at !== 'fork') return this.exited(code, signal)
    this.#place = { at: 'nowhere' }
    const files = request.context.files.map(({ filepath }) => relative(process.cwd(), filepath))
    this.#reportInstead(crashError({ code, signal, files, tests: place.fork.runningTests() }))
  }

  #reportInstead(error: Error): void {
    for (const message of reportInstead(error)) this.up(message)
  }

  #record(
    request: RunRequest,
    { where, why, failure, verdict }: { where: 'host' | 'fork'; why: string; failure: unknown; verdict: Verdict },
    world?: World,
  ): void {
    if (request.type !== 'run') return
    for (const { filepath } of request.context.files) {
      const run = {
        file: filepath,
        project: memoryName(this.#options.project),
        atMs: Date.now(),
        where,
        why,
        state: failure ? ('failed' as const) : ('passed' as const),
        phases: phasesOf(verdict, filepath),
        ...(world ? { hostPid: world.link.hostPid } : {}),
      }
      this.#session.memory.ran(run)
      void world?.report.then(({ restoreMs }) => (run.phases['restore'] = restoreMs))
    }
  }

  #down(message: unknown): void {
    const place = this.#place
    if (place.at === 'world') place.world.send(message)
    else if (place.at === 'fork') place.fork.send(message)
  }
}
