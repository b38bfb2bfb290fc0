import { expect, test } from 'vitest'
import { fakeClock } from '../../system/fake-clock.ts'
import type { HostLink } from './host-link.ts'
import { Watchdog } from './watchdog.ts'

/** A host that answers pings, until it hangs. */
function fakeLink() {
  const link = {
    seenMs: 0,
    pings: 0,
    isHung: false,
    ping() {
      link.pings += 1
      if (!link.isHung) link.seenMs += 1
    },
  }
  return link as typeof link & HostLink
}

function settledValue<T>(promise: Promise<T>): Promise<T | 'pending'> {
  return Promise.race([promise, Promise.resolve('pending' as const)])
}

test('a host that answers is never taken for hung', async () => {
  const clock = fakeClock()
  const link = fakeLink()
  const { hung } = new Watchdog(clock, 1_000).watch(link, () => 1_000)
  for (let i = 0; i < 100; i++) clock.advance(250)
  expect(link.pings).toBe(100)
  expect(await settledValue(hung)).toBe('pending')
})

test('a host that does not answer for the limit is hung, and is told so once', async () => {
  const clock = fakeClock()
  const link = fakeLink()
  const { hung } = new Watchdog(clock, 1_000).watch(link, () => 1_000)
  clock.advance(250)
  link.isHung = true
  for (let i = 0; i < 4; i++) clock.advance(250)
  expect(await settledValue(hung)).toBe('pending')
  clock.advance(250)
  expect(await settledValue(hung)).toBe(1_000)
})

test('the limit may grow while the file is collected', async () => {
  const clock = fakeClock()
  const link = fakeLink()
  link.isHung = true
  let limitMs = 1_000
  const { hung } = new Watchdog(clock, 1_000).watch(link, () => limitMs)
  clock.advance(500)
  limitMs = 10_000
  for (let i = 0; i < 20; i++) clock.advance(250)
  expect(await settledValue(hung)).toBe('pending')
})

test('time in which this process itself stood still does not count', async () => {
  const clock = fakeClock()
  const link = fakeLink()
  link.isHung = true
  let stoodStillMs = 0
  const lateClock = { ...clock, now: () => clock.now() + stoodStillMs }
  const { hung } = new Watchdog(lateClock, 1_000).watch(link, () => 1_000)
  stoodStillMs = 60_000
  clock.advance(250)
  expect(await settledValue(hung)).toBe('pending')
})

test('a watch that was stopped finds nothing', async () => {
  const clock = fakeClock()
  const link = fakeLink()
  link.isHung = true
  const { hung, stop } = new Watchdog(clock, 1_000).watch(link, () => 1_000)
  stop()
  for (let i = 0; i < 20; i++) clock.advance(250)
  expect(await settledValue(hung)).toBe('pending')
})
