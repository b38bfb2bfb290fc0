import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock, type Timer } from '../../system/clock.ts'
import { watchFolder } from './folder-watch.ts'
import { type Turn, turnOf } from './group-order.ts'
import { groupLine, type GroupLine, type HeldTicket, SIGN_MS } from './group-tickets.ts'

/** After so long a holder that was killed is noticed. */
const BACKSTOP_MS = 2_000

export interface TurnRequest {
  /** Folder of all groups. */
  groups: string
  /** Name of the group. */
  group: string
  /** Of the execution. */
  id: string
  max: number
  cancelsOthers: boolean
  /** How long it may wait; absent: for ever. */
  queueMs?: number
  /** Ends the wait. */
  signal: AbortSignal
  clock?: Clock
  /** How many must end before it begins, and who stands before it; called when it changes. */
  onWait?(ahead: number, behind: readonly string[]): void
  /** Once, while it runs: a newer one should have its place. */
  onGiveWay(to: string): void
}

export interface TakenTurn {
  /** Lets the next one in. Safe to call twice. */
  leave(): void
}

/**
 * Waits until this execution may begin, in the order in which they came.
 * @throws EverwarmError QUEUE_TIMEOUT, EXECUTION_CANCELED
 */
export async function takeTurn(request: TurnRequest): Promise<TakenTurn> {
  const { clock = systemClock, id, max, cancelsOthers } = request
  const line = groupLine(request.groups, request.group, clock)
  const held = await line.take({ id, max, cancelsOthers })
  const stopSigns = signs(held, clock)
  const leave = () => {
    stopSigns()
    held.leave()
  }
  try {
    await waitFor(request, line, held, clock)
  } catch (error) {
    leave()
    throw error
  }
  const stopWatch = watchForNewer(request, line, held, clock)
  return {
    leave() {
      stopWatch()
      leave()
    },
  }
}

function waitFor(request: TurnRequest, line: GroupLine, { ticket }: HeldTicket, clock: Clock): Promise<void> {
  const { signal, queueMs, onWait } = request
  return new Promise((resolve, reject) => {
    let behind: readonly string[] = []
    const end = (act: () => void) => {
      stop()
      limit?.cancel()
      signal.removeEventListener('abort', onAbort)
      act()
    }
    const onAbort = () => end(() => reject(canceled(request, String(signal.reason))))
    const look = () => {
      const turn = turnOf(line.living(), ticket)
      if (turn.do === 'run') return end(resolve)
      if (turn.do === 'give-way') return end(() => reject(canceled(request, `${turn.to} is newer`)))
      const isSame = behind.join() === turn.behind.join()
      behind = turn.behind
      if (!isSame) onWait?.(turn.ahead, behind)
    }
    const stop = watchFolder(line.folder, look, { clock, everyMs: BACKSTOP_MS })
    const limit =
      queueMs === undefined ? undefined : clock.after(queueMs, () => end(() => reject(tooLong(request, queueMs, behind))))
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    else look()
  })
}

function watchForNewer({ onGiveWay }: TurnRequest, line: GroupLine, { ticket }: HeldTicket, clock: Clock): () => void {
  let isTold = false
  const look = () => {
    const turn: Turn = turnOf(line.living(), ticket)
    if (turn.do !== 'give-way' || isTold) return
    isTold = true
    onGiveWay(turn.to)
  }
  const stop = watchFolder(line.folder, look, { clock, everyMs: SIGN_MS })
  // Somebody may have come between the last look and the watch.
  look()
  return stop
}

function signs(held: HeldTicket, clock: Clock): () => void {
  let timer: Timer
  const again = () => {
    held.sign()
    timer = clock.after(SIGN_MS, again)
  }
  timer = clock.after(SIGN_MS, again)
  return () => timer.cancel()
}

function canceled({ id, group }: TurnRequest, why: string): EverwarmError {
  return new EverwarmError('EXECUTION_CANCELED', {
    message: `Execution ${id} was canceled while it waited in "${group}": ${why}.`,
  })
}

function tooLong({ id, group }: TurnRequest, queueMs: number, behind: readonly string[]): EverwarmError {
  return new EverwarmError('QUEUE_TIMEOUT', {
    message: `Execution ${id} waited longer than ${queueMs} ms in "${group}", behind ${behind.join(', ')}.`,
    hint: '`everwarm workflow status <id>` shows what one of them does; raise `timeouts.queue`, or `concurrency.max`.',
  })
}
