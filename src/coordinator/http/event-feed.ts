import type { CoordinatorEvent } from '../../contracts/session-events.ts'
import type { Coordinator } from '../service.ts'

/** An event with its text, made once however many watch. */
export interface Frame {
  id: number
  sessionId: string | null
  json: string
  /** For server-sent events. @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
  sse: string
}

export interface FeedLimits {
  /** What waits for a watcher in memory; beyond either it reads from the store what it has not had. */
  mostFrames: number
  mostBytes: number
  /** Of one reading from the store. */
  page: number
}

export const FEED_LIMITS: FeedLimits = { mostFrames: 1_000, mostBytes: 1_048_576, page: 500 }

/** What one watcher gets: everything after an id, in order, each once. */
export interface Feed {
  /** What comes after this event. */
  readonly after: number
  /** What came since; waits for it. null: the feed has ended. @throws EverwarmError DATABASE_UNREACHABLE */
  next(): Promise<readonly Frame[] | null>
  push(frames: readonly Frame[]): void
  end(): void
}

export function frameOf(event: CoordinatorEvent): Frame {
  const json = JSON.stringify(event)
  return { id: event.id, sessionId: event.sessionId, json, sse: `id: ${event.id}\ndata: ${json}\n\n` }
}

/**
 * A feed reads from the store until it has caught up, then lives on what is pushed. Nobody waits for a watcher: one whose
 * buffer is full goes back to the store, when it asks again.
 */
export function openFeed(
  coordinator: Pick<Coordinator, 'events'>,
  after: number,
  sessionId: string | undefined,
  limits: FeedLimits,
): Feed {
  let lastId = after
  let mode: 'reading' | 'live' | 'ended' = 'reading'
  let waiting: Frame[] = []
  let waitingBytes = 0
  // Set by a push while the store is read: such an event may have come after the reading began.
  let isBehind = false
  let wake: (() => void) | undefined

  const drop = () => {
    waiting = []
    waitingBytes = 0
  }

  async function read(): Promise<readonly Frame[]> {
    isBehind = false
    const page = await coordinator.events(lastId, limits.page, sessionId)
    if (mode === 'reading' && page.length < limits.page && !isBehind) mode = 'live'
    lastId = page.at(-1)?.id ?? lastId
    return page.map(frameOf)
  }

  function take(): readonly Frame[] {
    const taken = waiting
    drop()
    lastId = taken.at(-1)?.id ?? lastId
    return taken
  }

  return {
    after,
    async next() {
      for (;;) {
        if (mode === 'ended') return null
        const frames = mode === 'reading' ? await read() : take()
        if (frames.length > 0) return frames
        // oxlint-disable-next-line typescript/no-unnecessary-condition: `read` may have changed it
        if (mode === 'live' && waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    push(frames) {
      if (mode === 'reading') isBehind = true
      if (mode !== 'live') return
      for (const frame of frames) {
        if (frame.id <= lastId || (sessionId !== undefined && frame.sessionId !== sessionId)) continue
        waiting.push(frame)
        waitingBytes += frame.json.length
      }
      if (waiting.length > limits.mostFrames || waitingBytes > limits.mostBytes) {
        mode = 'reading'
        drop()
      }
      if (waiting.length > 0 || mode === 'reading') wake?.()
    },
    end() {
      mode = 'ended'
      drop()
      wake?.()
    },
  }
}
