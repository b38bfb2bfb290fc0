import type { ViewOrder } from '../../contracts/live-view.ts'
import type { HeldShard } from '../../contracts/worker-link.ts'
import { type Clock, systemClock, type Timer } from '../../system/clock.ts'
import { followDoors, sharedDoors } from './door-pictures.ts'
import { sendView } from './send-view.ts'

export interface ViewDeskOptions {
  /** Of `viewFolder`. */
  folder: string
  /** The coordinator's HTTP API. */
  api: string
  credential(): string
  /** Shards that run here now. */
  held(): readonly HeldShard[]
  say(line: string): void
  clock?: Clock
}

/** What a worker shows of its shards, one view of each. */
export interface ViewDesk {
  show(order: ViewOrder): void
  /** What is held has changed: views of shards that have ended end. */
  look(): void
  close(): void
}

interface OpenView {
  end(): void
  /** Its shard has begun. */
  wasHeld: boolean
  limit: Timer
}

/** A shard that has not begun by then does not run here any more. */
const BEGIN_MS = 10_000

export function viewDesk({ folder, api, credential, held, say, clock = systemClock }: ViewDeskOptions): ViewDesk {
  const views = new Map<string, OpenView>()
  const open = sharedDoors(folder)
  const end = (shardId: string) => {
    const view = views.get(shardId)
    views.delete(shardId)
    view?.limit.cancel()
    view?.end()
  }
  const look = () => {
    const running = new Set(held().map(({ shardId }) => shardId))
    for (const [shardId, view] of views) {
      if (running.has(shardId)) view.wasHeld = true
      else if (view.wasHeld) end(shardId)
    }
  }
  return {
    show(order) {
      const { shardId, sessionId } = order
      // A coordinator that was lost may have left one behind, and a browser is looked at by one at a time.
      end(shardId)
      const hangUp = sendView({
        api,
        credential: credential(),
        order,
        open: async (take, limits) => followDoors({ folder, open, names: [shardId, sessionId] }, take, limits),
        say,
      })
      const limit = clock.after(BEGIN_MS, () => view.wasHeld || end(shardId))
      const view: OpenView = { end: hangUp, wasHeld: false, limit }
      views.set(shardId, view)
      look()
    },
    look,
    close() {
      for (const shardId of views.keys()) end(shardId)
    },
  }
}
