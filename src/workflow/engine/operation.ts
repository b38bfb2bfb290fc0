import type { ErrorData } from '../../contracts/errors.ts'
import type { StepFacts } from '../advance.ts'
import type { OperationNode } from '../plan.ts'
import type { Unit } from './unit.ts'

/** An operation that runs: what it may use, and when it must end. */
export interface AnyOperation {
  unit: Unit
  node: OperationNode
  /** Of the steps before it. */
  facts: StepFacts
  /** It has been given up: it ends soon, and says so. */
  signal: AbortSignal
  /** What can be stopped for a pause says so here, while it lives. */
  hold(held: Held | undefined): void
}

export interface OperationContext<Type extends OperationNode['operation']['type']> extends AnyOperation {
  node: OperationNode & { operation: Extract<OperationNode['operation'], { type: Type }> }
}

export interface Held {
  pause(): Promise<void>
  resume(): Promise<void>
}

export interface OperationEnd {
  exitCode: number
  /** A signal, the loss of its place, or being given up. */
  isAborted?: boolean
  /** It could not even be tried: the input is wrong, a program is missing, a service did not start. */
  isFault?: boolean
  error?: ErrorData
}

export const PASSED: OperationEnd = { exitCode: 0 }
/** Time between SIGTERM and SIGKILL, ms. */
export const GRACE_MS = 10_000
