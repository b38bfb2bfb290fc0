import type { Clock, Timer } from '../system/clock.ts'
import type { Drive } from './drive.ts'
import type { OwnedRun, Store } from './store.ts'

export interface HeldOptions {
  store: Store
  clock: Clock
  /** Without `renew` for so long, others may have its runs. */
  leaseMs: number
  /** Others may be at work on the same store: what they leave is looked for. */
  isShared: boolean
  begin(owned: OwnedRun): Drive
  onOver(runId: string): void
}

export type HeldRuns = ReturnType<typeof holdRuns>

/** Runs are taken over at most so many at once. */
const MOST_CLAIMED = 100

/** The runs that this process drives: held by leases that are renewed, let go of when one is lost. */
export function holdRuns({ store, clock, leaseMs, isShared, begin, onOver }: HeldOptions) {
  const drives = new Map<string, Drive>()
  const timers = new Set<Timer>()
  let isClosed = false
  let heldUntilMs = 0

  function later(delayMs: number, act: () => Promise<void>): void {
    const timer = clock.after(delayMs, () => {
      timers.delete(timer)
      if (!isClosed) void act().catch(tryLater)
    })
    timers.add(timer)
  }

  function take(owned: OwnedRun): void {
    if (drives.size === 0) heldUntilMs = clock.now() + leaseMs
    const drive = begin(owned)
    drives.set(drive.runId, drive)
    void drive.ended.then(({ isOver }) => leave(drive, isOver))
  }

  function leave(drive: Drive, isOver: boolean): void {
    if (drives.get(drive.runId) === drive) drives.delete(drive.runId)
    if (isClosed) return
    if (isOver) onOver(drive.runId)
    // The store could not be written, or another has it: when its lease has ended, it may be taken again.
    else later(leaseMs + 1_000, () => scan(false))
  }

  /** @param isAlone whoever held runs before is dead for certain */
  async function scan(isAlone: boolean): Promise<void> {
    for (const owned of await store.claim(MOST_CLAIMED, isAlone)) take(owned)
  }

  /** Holds on to what is driven here; lets go of what is not this process's any more; hears of cancellations. */
  async function renew(): Promise<void> {
    if (drives.size === 0) return
    const askedMs = clock.now()
    const asked = [...drives.values()]
    const kept = await store.renew(asked.map(({ runId }) => runId)).catch(() => null)
    if (kept) heldUntilMs = askedMs + leaseMs
    // The next look may be too late: nobody else may have the run before this one has stopped.
    else if (clock.now() + leaseMs / 3 < heldUntilMs) return
    const held = new Map(kept?.map((row) => [row.runId, row]))
    for (const drive of asked) {
      const row = held.get(drive.runId)
      if (row?.epoch !== drive.epoch) drive.abandon()
      else if (row.isCancelAsked) drive.cancel()
    }
  }

  function beat(): void {
    later(leaseMs / 3, () => renew().finally(beat))
  }

  function look(): void {
    later(leaseMs, () => scan(false).finally(look))
  }

  beat()
  if (isShared) look()

  return {
    take,
    scan,
    renew,
    get: (runId: string) => drives.get(runId),
    /** Stops all that runs, and lets others go on with it. */
    async close(): Promise<void> {
      isClosed = true
      for (const timer of timers) timer.cancel()
      const open = [...drives.values()]
      for (const drive of open) drive.abandon()
      await Promise.all(open.map(({ ended }) => ended))
      // Without it they wait for the lease to end.
      await store.release(open.map(({ runId }) => runId)).catch(tryLater)
    },
  }
}

/** The next beat, or whoever takes over, does it again. */
function tryLater(): void {}
