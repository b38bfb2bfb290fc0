import { errorFromData } from '../contracts/errors.ts'
import { ownerOf } from './kinds.ts'
import { type Span, spanSender, type TraceTarget } from '../system/otlp.ts'
import type { HeldLease, Leaser } from './leaser.ts'

/** So many spans are sent before the end, because a watch may go on for days. */
const BATCH = 500

/** Wall time with the steps of a clock that is never set back. */
const nowMs = () => performance.timeOrigin + performance.now()

/**
 * Two spans for every lease: `everwarm.lease.wait` until it is granted or refused, `everwarm.lease` while it is held.
 * @param failed told once, with the reason, if spans could not be sent
 */
export function tracedLeaser(leaser: Leaser, target: TraceTarget, failed: (reason: string) => void): Leaser {
  const send = spanSender(target)
  const waiting: Span[] = []
  let sending = Promise.resolve()

  function end(span: Omit<Span, 'endMs'>): void {
    waiting.push({ ...span, endMs: nowMs() })
    if (waiting.length >= BATCH) flush()
  }

  function flush(): void {
    if (waiting.length === 0) return
    const spans = waiting.splice(0)
    sending = sending.then(() => send(spans)).catch((error: Error) => failed(textOf(error)))
  }

  return {
    warm: leaser.warm,
    async acquire(profile, waitMs) {
      const startMs = nowMs()
      const about = { 'everwarm.root': ownerOf(profile) }
      try {
        const held = await leaser.acquire(profile, waitMs)
        const { leaseId, hostId, hostPid, served } = held.lease
        const attributes = {
          ...about,
          'everwarm.lease.id': leaseId,
          'everwarm.host.id': hostId,
          'everwarm.host.pid': hostPid,
          'everwarm.host.served': served,
        }
        end({ name: 'everwarm.lease.wait', startMs, attributes })
        const heldSinceMs = nowMs()
        return watched(held, (outcome, error) =>
          end({
            name: 'everwarm.lease',
            startMs: heldSinceMs,
            attributes: { ...attributes, 'everwarm.lease.outcome': outcome },
            error,
          }),
        )
      } catch (cause) {
        const { code, message } = errorFromData(cause)
        end({ name: 'everwarm.lease.wait', startMs, attributes: { ...about, 'everwarm.error.code': code }, error: message })
        throw cause
      }
    },
    async close() {
      await leaser.close()
      flush()
      await sending
    },
  }
}

/** @param over called once */
function watched(held: HeldLease, over: (outcome: string, error?: string) => void): HeldLease {
  let isOver = false
  const once = (outcome: string, error?: string) => {
    if (!isOver) over(outcome, error)
    isOver = true
  }
  void held.lost.then((loss) => once(loss.kind, loss.kind === 'host-exited' ? (loss.signal ?? `code ${loss.code}`) : loss.reason))
  const { release } = held
  held.release = (leaseEnd) => {
    once(leaseEnd.outcome, leaseEnd.outcome === 'tainted' ? leaseEnd.reason : undefined)
    return release.call(held, leaseEnd)
  }
  return held
}

function textOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message
}
