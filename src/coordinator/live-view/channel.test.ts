import { expect, test } from 'vitest'
import { channel } from './channel.ts'

const picture = (n: number) => Uint8Array.of(n)

test('who looks gets the newest picture, each once, and not those that have passed meanwhile', async () => {
  const pictures = channel(() => {})
  const watcher = pictures.watch()
  for (const n of [1, 2, 3]) pictures.push(picture(n))
  expect(await watcher.next()).toEqual(picture(3))
  const next = watcher.next()
  pictures.push(picture(4))
  expect(await next).toEqual(picture(4))
})

test('a slow watcher holds up nobody, and who comes later sees the last picture at once', async () => {
  const pictures = channel(() => {})
  const [slow, fast] = [pictures.watch(), pictures.watch()]
  for (const n of [1, 2]) {
    pictures.push(picture(n))
    expect(await fast.next()).toEqual(picture(n))
  }
  expect(await slow.next()).toEqual(picture(2))
  expect(await pictures.watch().next()).toEqual(picture(2))
})

test('at its end the last picture is still shown, then there is none', async () => {
  const pictures = channel(() => {})
  const watcher = pictures.watch()
  pictures.push(picture(1))
  pictures.end()
  expect(await watcher.next()).toEqual(picture(1))
  expect(await watcher.next()).toBeUndefined()
})

test('when the last one leaves it is said, once, and who waits is let go', async () => {
  let empties = 0
  const pictures = channel(() => void empties++)
  const [one, other] = [pictures.watch(), pictures.watch()]
  const waits = one.next()
  one.leave()
  one.leave()
  expect([await waits, empties]).toEqual([undefined, 0])
  other.leave()
  expect([pictures.watchers, empties]).toEqual([0, 1])
})
