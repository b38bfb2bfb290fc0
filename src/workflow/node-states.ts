import type { StepStatus } from './status.ts'

/** One node of a plan while it runs. Times are a clock's ms. */
export interface NodeState {
  status: StepStatus
  /** 1 for the first. */
  attempt: number
  /** Of this attempt; absent before. */
  startedAtMs?: number
  endedAtMs?: number
  /** Paused during this attempt; the pause that goes on is not in it. */
  pausedMs: number
  /** Of all attempts before this one. */
  earlier: { ms: number; pausedMs: number }
  exitCode?: number
  /** It could not even be tried. */
  isFault?: boolean
  /** It has waited, or need not wait any more, for its first command. */
  isReleased?: boolean
  /** Whether it is tried again has been decided. */
  isKept?: boolean
}

/** How many states a change copies; those of a plan of 10,000 nodes are about as many pieces. */
const PIECE = 64

/** The states of all nodes of a plan, never changed: `with` gives a table that shares all but one piece. */
export class NodeStates {
  readonly #places: ReadonlyMap<string, number>
  readonly #pieces: readonly (readonly NodeState[])[]

  private constructor(places: ReadonlyMap<string, number>, pieces: readonly (readonly NodeState[])[]) {
    this.#places = places
    this.#pieces = pieces
  }

  /** @param places ref → its place */
  static fresh(places: ReadonlyMap<string, number>): NodeStates {
    const fresh = (): NodeState => ({ status: 'queued', attempt: 1, pausedMs: 0, earlier: { ms: 0, pausedMs: 0 } })
    const pieces: NodeState[][] = []
    for (let at = 0; at < places.size; at++) (pieces[Math.floor(at / PIECE)] ??= []).push(fresh())
    return new NodeStates(places, pieces)
  }

  of(ref: string): NodeState {
    const at = this.#places.get(ref)!
    return this.#pieces[Math.floor(at / PIECE)]![at % PIECE]!
  }

  with(ref: string, state: NodeState): NodeStates {
    const at = this.#places.get(ref)!
    const pieces = this.#pieces.slice()
    const piece = pieces[Math.floor(at / PIECE)]!.slice()
    piece[at % PIECE] = state
    pieces[Math.floor(at / PIECE)] = piece
    return new NodeStates(this.#places, pieces)
  }

  *entries(): Generator<[ref: string, state: NodeState]> {
    for (const ref of this.#places.keys()) yield [ref, this.of(ref)]
  }

  /** What is not as it was. */
  *changesSince(before: NodeStates): Generator<[ref: string, state: NodeState, was: NodeState]> {
    if (this === before) return
    const changed = new Set(this.#pieces.flatMap((piece, i) => (piece === before.#pieces[i] ? [] : [i])))
    if (changed.size === 0) return
    for (const [ref, at] of this.#places) {
      if (!changed.has(Math.floor(at / PIECE))) continue
      const [now, was] = [this.of(ref), before.of(ref)]
      if (now !== was) yield [ref, now, was]
    }
  }
}
