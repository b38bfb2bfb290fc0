import { BadInput } from '../../system/http/bad-input.ts'
import type { Coordinator } from '../service.ts'
import { type Feed, FEED_LIMITS, type FeedLimits, frameOf, openFeed } from './event-feed.ts'

/** Where a watcher begins. */
export interface Watching {
  /** What comes after this event; absent: what comes from now on. */
  after?: number
  /** Of this session only. */
  sessionId?: string
}

/** Hands what the coordinator says to all who watch, and listens to it only while somebody does. */
export interface EventHub {
  /** @throws BadInput, for an event that there was not yet: its watcher belongs to another database */
  watch(watching: Watching): Promise<Feed>
  /** How many watch. */
  watchers(): number
  close(): void
}

export function eventHub(
  coordinator: Pick<Coordinator, 'events' | 'lastEventId' | 'watch'>,
  limits: FeedLimits = FEED_LIMITS,
): EventHub {
  const feeds = new Set<Feed>()
  let unwatch: (() => void) | undefined
  let isClosed = false

  const leave = (feed: Feed) => {
    feed.end()
    feeds.delete(feed)
    if (feeds.size > 0) return
    unwatch?.()
    unwatch = undefined
  }

  return {
    async watch({ after, sessionId }) {
      const newest = await coordinator.lastEventId()
      if (after !== undefined && after > newest)
        throw new BadInput(
          [{ path: 'after', message: `There was no event ${after} yet; the newest is ${newest}.` }],
          'Begin anew, without `after` or `Last-Event-ID`.',
        )
      const feed = openFeed(coordinator, after ?? newest, sessionId, limits)
      if (isClosed) feed.end()
      else feeds.add(feed)
      if (!isClosed)
        unwatch ??= coordinator.watch((events) => {
          const frames = events.map(frameOf)
          for (const one of feeds) one.push(frames)
        })
      return { ...feed, end: () => leave(feed) }
    },
    watchers: () => feeds.size,
    close() {
      isClosed = true
      for (const feed of feeds) leave(feed)
    },
  }
}
