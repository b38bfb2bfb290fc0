import type { Clock, Timer } from '../../system/clock.ts'
import type { WorkerLink } from './connection.ts'
import type { Admission, LinkHost } from './link-types.ts'

const TRY_AGAIN_MS = 30_000
const LEAST_MS = 1_000
/** Node's timers end there, and a wait that is cut short only renews early. */
const MOST_MS = 24 * 60 * 60_000

/** Gives a worker a new credential before its own ends, for as long as it is connected. Returns what ends that. */
export function keepCredential(
  link: WorkerLink,
  admission: Admission,
  { renewCredential }: Partial<LinkHost>,
  clock: Clock,
): () => void {
  let timer: Timer | undefined
  let isEnded = false
  const wait = (ms: number) => {
    if (!isEnded) timer = clock.after(Math.min(MOST_MS, Math.max(LEAST_MS, ms)), () => void renew())
  }
  const renew = async () => {
    try {
      const fresh = await renewCredential!(admission.workerId)
      if (isEnded) return
      link.send({ credential: fresh })
      wait(renewalMs(fresh.expiresAt))
    } catch {
      // The database is away, say: the old credential still holds for a third of its life.
      wait(TRY_AGAIN_MS)
    }
  }
  if (renewCredential && admission.expiresAt) wait(renewalMs(admission.expiresAt))
  return () => {
    isEnded = true
    timer?.cancel()
  }
}

function renewalMs(expiresAt: string): number {
  const leftMs = (Date.parse(expiresAt) - Date.now()) * (2 / 3)
  return Number.isFinite(leftMs) ? leftMs : TRY_AGAIN_MS
}
