import { expect, test } from 'vitest'
import type { CoordinatorEvent } from '../../contracts/session-events.ts'
import { type FeedLimits, frameOf, openFeed } from './event-feed.ts'

const event = (id: number, sessionId: string | null = null): CoordinatorEvent => ({
  id,
  type: 'test:completed',
  sessionId,
  at: '',
  data: {},
})

/** A store that counts how often it is read; `during` runs in the middle of a reading. */
function store(kept: CoordinatorEvent[]) {
  const self = {
    kept,
    readings: 0,
    during: () => {},
    async events(after: number, limit: number, sessionId?: string) {
      self.readings++
      const page = kept.filter((one) => one.id > after && (!sessionId || one.sessionId === sessionId)).slice(0, limit)
      await Promise.resolve()
      self.during()
      return page
    },
  }
  return self
}

const LIMITS: FeedLimits = { mostFrames: 3, mostBytes: 10_000, page: 2 }
const ids = (frames: readonly { id: number }[] | null) => frames?.map(({ id }) => id)

test('a feed begins after what was had, page by page, then lives on what is pushed', async () => {
  const events = store([1, 2, 3, 4].map((id) => event(id)))
  const feed = openFeed(events, 1, undefined, LIMITS)
  expect(ids(await feed.next())).toEqual([2, 3])
  expect(ids(await feed.next())).toEqual([4])
  feed.push([4, 5].map((id) => frameOf(event(id))))
  expect(ids(await feed.next())).toEqual([5])
  expect(events.readings).toBe(2)
})

test('what comes while the store is read is neither lost nor told twice', async () => {
  const events = store([event(1)])
  const feed = openFeed(events, 0, undefined, LIMITS)
  events.during = () => {
    events.during = () => {}
    events.kept.push(event(2))
    feed.push([frameOf(event(2))])
  }
  expect(ids(await feed.next())).toEqual([1])
  expect(ids(await feed.next())).toEqual([2])
  feed.push([frameOf(event(2)), frameOf(event(3))])
  expect(ids(await feed.next())).toEqual([3])
})

test('a watcher that is slow goes back to the store, and misses nothing', async () => {
  const events = store([])
  const feed = openFeed(events, 0, undefined, LIMITS)
  const first = feed.next()
  await new Promise((resolve) => setImmediate(resolve))
  for (let id = 1; id <= 10; id++) {
    events.kept.push(event(id))
    feed.push([frameOf(event(id))])
  }
  const had: number[] = [...ids(await first)!]
  while (had.at(-1) !== 10) had.push(...ids(await feed.next())!)
  expect(had).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('a feed of one session hears of no other', async () => {
  const feed = openFeed(store([event(1, 'a'), event(2, 'b')]), 0, 'b', LIMITS)
  expect(ids(await feed.next())).toEqual([2])
  const next = feed.next()
  feed.push([frameOf(event(3, 'a')), frameOf(event(4, 'b'))])
  expect(ids(await next)).toEqual([4])
})

test('the end of a feed reaches who waits for it', async () => {
  const feed = openFeed(store([]), 0, undefined, LIMITS)
  const next = feed.next()
  feed.end()
  expect([await next, await feed.next()]).toEqual([null, null])
})
