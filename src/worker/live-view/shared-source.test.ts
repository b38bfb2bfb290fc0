import { expect, test } from 'vitest'
import type { TakePicture } from './screencast.ts'
import { sharedSource } from './shared-source.ts'

/** A source whose pictures are given by hand. */
async function house() {
  let push: TakePicture = () => {}
  const ended = Promise.withResolvers<void>()
  const said: string[] = []
  const shared = await sharedSource(
    async (take) => {
      push = take
      return { ended: ended.promise, stop: async () => void said.push('stopped') }
    },
    () => said.push('left'),
  )
  return { shared, said, ended, push: (number: number) => push(Uint8Array.of(number)) }
}

test('each who joins gets the newest picture at once, and who is slow misses what has passed', async () => {
  const { shared, push } = await house()
  const fast: number[] = []
  const slow: number[] = []
  let free = () => {}
  shared.join((picture) => void fast.push(picture[0]!))
  await push(1)
  shared.join((picture) => {
    slow.push(picture[0]!)
    return new Promise<void>((resolve) => (free = resolve))
  })
  await push(2)
  await push(3)
  expect([fast, slow]).toEqual([[1, 2, 3], [1]])
  free()
  await new Promise((resolve) => setImmediate(resolve))
  await push(4)
  expect([fast, slow]).toEqual([
    [1, 2, 3, 4],
    [1, 4],
  ])
})

test('the source is stopped with the last who leaves, and all hear when it ends', async () => {
  const { shared, said, ended } = await house()
  const [one, two] = [shared.join(() => {}), shared.join(() => {})]
  await one.stop()
  await one.ended
  await one.stop()
  expect(said).toEqual([])
  ended.resolve()
  await two.ended
  await two.stop()
  expect(said).toEqual(['left', 'stopped'])
})
