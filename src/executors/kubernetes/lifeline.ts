import type { Clock, Timer } from '../../system/clock.ts'
import type { Cluster } from './cluster.ts'
import { type ExecSession, type ExecTarget, openExec } from './exec-session.ts'
import { LIFELINE } from './lifeline-script.ts'

export interface Lifeline {
  close(): void
}

const RETRY_MS = 500
/** Signs of life without an answer; there are four in the time after which a pod gives up. */
const MOST_UNANSWERED = 2

/** Says to a pod, as long as it is not closed, that the engine lives. */
export function holdLifeline(cluster: Cluster, target: ExecTarget, clock: Clock, silenceMs: number): Lifeline {
  let session: ExecSession | undefined
  let timer: Timer | undefined
  let isClosed = false
  let count = 0
  let unanswered = 0

  const say = () => {
    timer?.cancel()
    if (isClosed || !session) return
    // What looks open may have nobody at its other end: another connection finds out.
    if (unanswered >= MOST_UNANSWERED) return session.close()
    unanswered += 1
    void session.write(`${(count += 1)}\n`)
    timer = clock.after(silenceMs / 4, say)
  }
  const open = async (): Promise<void> => {
    unanswered = 0
    session = await openExec(cluster, target, ['sh', '-c', LIFELINE], { onOutput: () => void (unanswered = 0) }).catch(
      () => undefined,
    )
    if (isClosed) return session?.close()
    const current = session
    say()
    await current?.ended
    timer?.cancel()
    session = undefined
    if (!isClosed) timer = clock.after(RETRY_MS, () => void open())
  }
  void open()
  return {
    close() {
      isClosed = true
      timer?.cancel()
      session?.close()
    },
  }
}
