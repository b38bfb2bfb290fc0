import { EverwarmError } from '../../contracts/errors.ts'
import type { WorldReport } from '../../contracts/host-wire.ts'
import { systemClock } from '../../system/clock.ts'
import type { HostLink, HostLoss, WorldLine } from './host-link.ts'
import type { LeaseKeeper } from './keeper.ts'
import { answer, isAnswer, type WorkerAnswer } from './messages.ts'
import type { ProjectFacts } from './profile.ts'

/** Who gets what the worker in a world says. */
export interface Tenant {
  receive(message: unknown): void
  output(fd: 1 | 2, chunk: string | Uint8Array): void
}

/** For the worker's end and the restoring of its host; Vitest waits as long for a worker of its own. */
const END_MS = 60_000

/** One life of Vitest's worker inside a warm host, from `begin` to `restored`; afterwards the host goes back by itself. */
export class World {
  readonly isOnce: boolean
  readonly link: HostLink
  /** Settles when the host went away in the middle of this world; never, once it is over. */
  readonly gone: Promise<HostLoss>
  /** Settles with the reason when the file turns out to need a process of its own. */
  readonly unfit: Promise<string>
  /** What the host found after this world; never settles for a host that went away. */
  readonly report: Promise<WorldReport>
  tenant: Tenant | undefined
  readonly #line: WorldLine
  readonly #keeper: LeaseKeeper
  readonly #stopped: Promise<WorkerAnswer>
  #stop!: (stopped: WorkerAnswer) => void
  #isEnding = false
  #isOver = false

  constructor(keeper: LeaseKeeper, link: HostLink, facts: ProjectFacts, isOnce: boolean) {
    this.#keeper = keeper
    this.link = link
    this.isOnce = isOnce
    this.#stopped = new Promise((resolve) => (this.#stop = resolve))
    const gone = Promise.withResolvers<HostLoss>()
    const report = Promise.withResolvers<WorldReport>()
    const unfit = Promise.withResolvers<string>()
    this.gone = gone.promise
    this.unfit = unfit.promise
    this.report = report.promise
    this.#line = link.begin(
      { env: facts.env, cwd: process.cwd(), runId: facts.runId, isOnce, pool: facts.pool },
      {
        message: (message) => this.#receive(message),
        output: (fd, chunk) => this.tenant?.output(fd, chunk),
        unfit: (reason) => unfit.resolve(reason),
        restored: (found) => {
          report.resolve(found)
          this.#restored(found)
        },
        lost: (loss) => {
          gone.resolve(loss)
          this.#leave('lost')
        },
      },
    )
  }

  /** To the worker. @throws DataCloneError */
  send(message: unknown): void {
    if (this.#isOver) return
    this.#line.send(message)
  }

  /** See `WorldLine.asked`. */
  asked(id: string, method: string, args: unknown[]): void {
    if (!this.#isOver) this.#line.asked(id, method, args)
  }

  /** Asks the worker to stop, once; resolves with its answer, or with one of our own if its host is gone. */
  end(request: unknown = { __vitest_worker_request__: true, type: 'stop' }): Promise<WorkerAnswer> {
    if (!this.#isEnding) {
      this.#isEnding = true
      this.send(request)
      systemClock.after(END_MS, () => this.#giveUp())
    }
    return this.#stopped
  }

  /** Takes the host away from a worker that is not asked any more. */
  abandon(reason: string): void {
    if (this.#isOver || this.#isEnding) return
    this.link.kill()
    this.#leave(reason)
  }

  #giveUp(): void {
    if (this.#isOver) return
    this.link.kill()
    this.#leave(`not restored after ${END_MS} ms`)
  }

  #receive(message: unknown): void {
    if (isAnswer(message) && message.type === 'stopped') return this.#stop(message)
    this.tenant?.receive(message)
  }

  #restored(report: WorldReport): void {
    if (this.#isOver) return
    const taint = report.taints[0]
    if (taint) return this.#leave(`${taint.code}: ${taint.detail}`)
    this.#isOver = true
    this.#stop(answer('stopped'))
    this.#keeper.put(this.link)
  }

  #leave(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stop(answer('stopped'))
    this.#keeper.drop(this.link, reason)
  }
}

export interface WorldWish {
  isOnce: boolean
  /** Asked when a host was found, which may take long. */
  isWanted(): boolean
  /** The worker's first message. */
  start: unknown
}

/** @throws EverwarmError those of `LeaseKeeper.take`; DataCloneError if the start cannot be sent */
export async function openWorld(keeper: LeaseKeeper, facts: ProjectFacts, wish: WorldWish): Promise<World> {
  if (facts.unsendable) throw facts.unsendable
  const link = await keeper.take(facts.wanted)
  if (!wish.isWanted()) {
    keeper.put(link)
    throw new EverwarmError('LEASE_REVOKED', { message: 'The lease is not wanted any more.' })
  }
  const world = new World(keeper, link, facts, wish.isOnce)
  try {
    world.send(wish.start)
  } catch (error) {
    // Functions in the configuration: a fork drops them silently, v8.serialize does not.
    facts.unsendable = error as Error
    world.abandon('unsendable')
    throw error
  }
  return world
}
