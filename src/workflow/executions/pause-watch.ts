import type { WorkflowHappening } from '../../contracts/workflow/events.ts'
import { hasStepEnded } from '../status.ts'
import { innerPath } from '../engine/engine.ts'

/** The workflow itself, or a worker that has not ended. */
interface Life {
  /** Of its first step: with it the workflow itself is over. */
  rootRef?: string
  /** The step that is paused. */
  pausedRef?: string
  /** What it does now. */
  currentRef?: string
  /** Workers of what it does now: as long as there are any, it waits for them. */
  inner: number
}

type Of<Type extends WorkflowHappening['type']> = Extract<WorkflowHappening, { type: Type }>

/**
 * Hears all events of an execution and says when all that runs in it is paused, and when that is over. What changes within one
 * turn and back, as at a barrier, is not said; and an event costs the same however many workers there are.
 */
export function pauseWatch(onChange: (isPaused: boolean) => void): (event: WorkflowHappening) => void {
  const lives = new Lives()
  let isTold = false
  let isAsked = false
  const look = () => {
    isAsked = false
    if (lives.areStill === isTold) return
    isTold = !isTold
    onChange(isTold)
  }
  return (event) => {
    lives.hear(event)
    if (isAsked || lives.areStill === isTold) return
    isAsked = true
    queueMicrotask(look)
  }
}

class Lives {
  readonly #lives = new Map<string, Life>()
  #paused = 0
  #busy = 0

  /** Something is paused, and nothing else runs. */
  get areStill(): boolean {
    return this.#paused > 0 && this.#busy === 0
  }

  hear(event: WorkflowHappening): void {
    if (event.type === 'unit' && event.unit === '') return this.#begin('', event.root.ref)
    if (event.type === 'step') return this.#hearStep(event)
    if (event.type === 'worker') return this.#hearWorker(event)
  }

  #hearStep({ unit, ref, status }: Of<'step'>): void {
    const life = this.#lives.get(unit)
    if (!life) return
    if (ref === life.rootRef && hasStepEnded(status)) return this.#end(unit)
    this.#change(life, () => {
      if (life.pausedRef === ref && status !== 'paused') delete life.pausedRef
      if (status === 'paused') life.pausedRef = ref
      else if (status === 'running') Object.assign(life, { currentRef: ref, inner: life.currentRef === ref ? life.inner : 0 })
      else if (life.currentRef === ref) Object.assign(life, { currentRef: undefined, inner: 0 })
    })
  }

  #hearWorker({ unit, ref, index, status }: Of<'worker'>): void {
    const path = innerPath(unit, ref, index)
    const isOver = status !== 'queued' && status !== 'starting' && status !== 'running' && status !== 'paused'
    if (status === 'queued' || isOver !== this.#lives.has(path)) return
    if (isOver) this.#end(path)
    else this.#begin(path)
    const outer = this.#lives.get(unit)
    // `execute` with `async` does not wait for what it has begun.
    if (outer?.currentRef === ref) this.#change(outer, () => (outer.inner = Math.max(0, outer.inner + (isOver ? -1 : 1))))
  }

  #begin(path: string, rootRef?: string): void {
    const life: Life = { inner: 0, ...(rootRef === undefined ? {} : { rootRef }) }
    this.#lives.set(path, life)
    this.#count(life, 1)
  }

  #end(path: string): void {
    const life = this.#lives.get(path)
    if (life) this.#count(life, -1)
    this.#lives.delete(path)
  }

  #change(life: Life, act: () => void): void {
    this.#count(life, -1)
    act()
    this.#count(life, 1)
  }

  #count({ pausedRef, inner }: Life, by: 1 | -1): void {
    if (pausedRef !== undefined) this.#paused += by
    else if (inner === 0) this.#busy += by
  }
}
