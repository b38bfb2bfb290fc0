import { EverwarmError } from '../../contracts/errors.ts'
import type { RunningWorkflow } from '../engine/engine-types.ts'
import { type ExecutionStatus, hasExecutionEnded } from '../status.ts'
import type { EventFeed } from './event-feed.ts'
import type { ExecutionAbout } from './execution-folder.ts'

/** What is true of it now, for who asks or cancels. */
export interface ExecutionState {
  status: ExecutionStatus
  running?: RunningWorkflow
  /** Ends the wait for its turn. */
  waiting: AbortController
  /** Said unless it ends already. */
  stands(status: 'running' | 'paused' | 'stopping'): void
  cancel(reason: string): void
}

export function executionState({ id, workflow }: ExecutionAbout, feed: EventFeed): ExecutionState {
  const state: ExecutionState = {
    status: 'queued',
    waiting: new AbortController(),
    stands(status) {
      if (state.status !== 'stopping' && !hasExecutionEnded(state.status)) feed.tell({ type: 'execution', id, workflow, status })
    },
    cancel(reason) {
      feed.tell({ type: 'warning', unit: '', code: 'EXECUTION_CANCELED', message: `Canceled: ${reason}.` })
      if (!state.running) return state.waiting.abort(reason)
      state.stands('stopping')
      state.running.cancel(reason)
    },
  }
  return state
}

/** For who asks from elsewhere. */
export function deskOf(state: ExecutionState, id: string) {
  const running = () => {
    if (state.running) return state.running
    throw new EverwarmError('BAD_INPUT', {
      message: `Execution ${id} has not begun: it is ${state.status}.`,
      hint: 'It can be canceled; nothing of it can be paused yet.',
    })
  }
  return {
    status: () => state.status,
    pause: (unit?: string) => running().pause(unit),
    resume: (unit?: string) => running().resume(unit),
    cancel: state.cancel,
  }
}
