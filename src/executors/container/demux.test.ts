import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { demux } from './demux.ts'

const frame = (stream: number, text: string) => {
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}
const all = Buffer.concat([frame(1, 'one'), frame(2, 'two'), frame(1, ''), frame(1, 'three')])

test.each([1, 3, 8, 11, 1_000])('two streams are taken apart, in chunks of %i bytes', async (size) => {
  const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size))
  const heard = { stdout: '', stderr: '' }
  await demux(Readable.from(chunks), (stream, bytes) => void (heard[stream] += bytes.toString()))
  expect(heard).toEqual({ stdout: 'onethree', stderr: 'two' })
})

test('while a promise is open nothing more is heard', async () => {
  const heard: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const ended = demux(Readable.from([all]), (_, bytes) => {
    heard.push(bytes.toString())
    return promise
  })
  await new Promise(setImmediate)
  expect(heard).toEqual(['one'])
  resolve()
  await ended
  expect(heard).toEqual(['one', 'two', 'three'])
})
