import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { socketPair as pair } from '../../tests/socket-pair.ts'
import { encodeFrame, frameDecoder, frameSocket } from './frames.ts'

const bytesOf = (...values: unknown[]) => Buffer.concat(values.flatMap((value) => encodeFrame(value)))

test.for([1, 2, 3, 5, 7, 64, 1_000])('values survive being cut into chunks of %i bytes', (size) => {
  const values = [{ a: 1 }, 'text', null, new Map([[1, new Date(0)]]), new Uint8Array(300).fill(7), 5n]
  const bytes = bytesOf(...values)
  const decoder = frameDecoder()
  const got: unknown[] = []
  for (let at = 0; at < bytes.length; at += size) decoder.push(bytes.subarray(at, at + size), (value) => got.push(value))
  expect(got.map((value) => (value instanceof Uint8Array ? [...value] : value))).toEqual([
    ...values.slice(0, 4),
    Array(300).fill(7),
    5n,
  ])
  expect(decoder.isInsideFrame()).toBe(false)
})

test('a 32 MB frame in 64 KB chunks is decoded in linear time', () => {
  const bytes = bytesOf('x'.repeat(32 * 1024 * 1024))
  const decoder = frameDecoder()
  let length = 0
  const startedMs = performance.now()
  for (let at = 0; at < bytes.length; at += 65_536)
    decoder.push(bytes.subarray(at, at + 65_536), (value) => void (length = (value as string).length))
  expect(length).toBe(32 * 1024 * 1024)
  // Quadratic copying would move 8 GB, which takes seconds.
  expect(performance.now() - startedMs).toBeLessThan(1_000)
})

test('a frame longer than the limit is refused by its header alone', () => {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(1_025)
  expect(() => frameDecoder(1_024).push(header, () => {})).toThrow(expect.objectContaining({ code: 'FRAME_TOO_LARGE' }))
})

test.for([
  ['nothing', Buffer.from([0, 0, 0, 0])],
  ['noise', Buffer.from([0, 0, 0, 3, 1, 2, 3])],
  ['a value cut short', Buffer.concat([Buffer.from([0, 0, 0, 4]), bytesOf('text').subarray(4, 8)])],
] as const)('%s in a frame is refused', ([, bytes]) => {
  expect(() => frameDecoder().push(bytes, () => {})).toThrow(expect.objectContaining({ code: 'FRAME_INVALID' }))
})

test('what cannot be serialized throws at once and leaves the socket as it was', async () => {
  const [a, b] = await pair()
  expect(() => frameSocket(a).send(() => {})).toThrow(/could not be cloned/)
  const left = frameSocket(a)
  const got = new Promise((resolve) => frameSocket(b).onFrame(resolve))
  left.send('fine')
  expect(await got).toBe('fine')
})

test('all frames of one tick leave in one write', async () => {
  const writes: number[] = []
  const stream = new Duplex({
    read() {},
    writev(chunks, done) {
      writes.push(chunks.length)
      done()
    },
  })
  const frames = frameSocket(stream)
  for (let i = 0; i < 10; i += 1) frames.send(i)
  await frames.flush()
  expect(writes).toEqual([20])
})

test('frames that come before somebody listens are kept, in order', async () => {
  const [a, b] = await pair()
  const left = frameSocket(a)
  const right = frameSocket(b)
  left.send(1)
  left.send(2)
  await left.flush()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const got: unknown[] = []
  right.onFrame((value) => got.push(value))
  expect(got).toEqual([1, 2])
})

test('everything sent before the end arrives before the close', async () => {
  const [a, b] = await pair()
  const got: unknown[] = []
  const right = frameSocket(b)
  right.onFrame((value) => got.push(value))
  const closed = new Promise((resolve) => right.onClose(resolve))
  const left = frameSocket(a)
  left.send('x'.repeat(5_000_000))
  left.send('last')
  await left.end()
  expect(await closed).toBeUndefined()
  expect(got.length).toBe(2)
  expect(left.isClosed).toBe(true)
  left.send('too late, and no error')
})

test('a connection that ends inside a frame says so', async () => {
  const [a, b] = await pair()
  const closed = new Promise((resolve) => frameSocket(b).onClose(resolve))
  a.end(bytesOf('text').subarray(0, 6))
  expect(await closed).toMatchObject({ code: 'FRAME_INVALID' })
})
