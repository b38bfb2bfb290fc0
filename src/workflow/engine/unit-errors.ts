import { type ErrorData, EverwarmError } from '../../contracts/errors.ts'
import type { ExecutionState } from '../execution.ts'
import { ofField } from '../expressions/expression-error.ts'
import type { PlanNode, StepNode } from '../plan.ts'
import { isSuccess } from '../status.ts'
import type { Engine } from './engine.ts'
import { shownAt } from './field-errors.ts'
import { maskedError } from './masked-event.ts'
import { shownError } from './shown-error.ts'

/** What went wrong in a unit, by the node that it belongs to. */
export class UnitErrors {
  readonly #engine: Pick<Engine, 'tell' | 'masks' | 'known'>
  readonly #unit: string
  readonly #errors = new Map<string, ErrorData>()
  #fault: ErrorData | undefined

  constructor(engine: Pick<Engine, 'tell' | 'masks' | 'known'>, unit: string) {
    this.#engine = engine
    this.#unit = unit
  }

  /** Of this attempt; undefined: there is none any more. */
  tell(ref: string, error: ErrorData | undefined): void {
    if (!error) return void this.#errors.delete(ref)
    // Names of workflows, services and files may stand in it.
    const masked = maskedError(error, this.#engine.masks)
    this.#errors.set(ref, masked)
    this.#engine.tell({ type: 'error', unit: this.#unit, ref, error: masked })
  }

  /** Of a field of a node that decides whether, when or how often it runs. */
  tellThrown(node: PlanNode, error: unknown): void {
    this.tell(node.ref, shownAt(error, node, this.#engine))
  }

  tellTimeout(step: StepNode): void {
    const message = `It did not end within its ${step.timeout}.`
    this.tellThrown(
      step,
      ofField(new EverwarmError('STEP_TIMEOUT', { message, hint: 'Give it more time, or look what it waits for.' }), 'timeout'),
    )
  }

  /** Nothing can be decided any more. */
  noteFault(error: unknown): void {
    this.#fault = shownError(error, this.#engine.masks)
  }

  /** The first one that was no success and mattered. */
  cause(root: PlanNode, state: ExecutionState): ErrorData | undefined {
    return this.#fault ?? this.#causeIn(root, state)
  }

  #causeIn(node: PlanNode, state: ExecutionState): ErrorData | undefined {
    if (isSuccess(state.nodes.of(node.ref).status)) return undefined
    const own = this.#errors.get(node.ref)
    if (node.kind === 'operation') return own
    if (node.isOptional) return undefined
    if (own) return own
    for (const child of node.children) {
      const cause = this.#causeIn(child, state)
      if (cause) return cause
    }
    // A command that just ended with something else than 0 has no error.
    const isTurned = node.isNegative && node.children.every((child) => isSuccess(state.nodes.of(child.ref).status))
    return isTurned ? { code: 'STEP_FAILED', message: `${titleOf(node)} passed, but is negative.` } : undefined
  }
}

const titleOf = ({ name }: StepNode) => (name === undefined ? 'A step' : `The step "${name}"`)
