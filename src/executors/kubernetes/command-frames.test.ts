import { expect, test } from 'vitest'
import { type CommandFrame, frameCutter } from './command-frames.ts'

const SAID = Buffer.concat([
  Buffer.from('p 42 900\no 0 5\na\no1\n'),
  Buffer.from('e 3 2\n\xff\x00', 'latin1'),
  Buffer.from('m 137 OOMKilled\nO\nE\n.\n'),
])

test.each([1, 2, 3, 7, 1_000])('frames are the same however what comes is cut: into %i bytes', (size) => {
  const frames: CommandFrame[] = []
  const cut = frameCutter((frame) => void frames.push(frame))
  for (let at = 0; at < SAID.length; at += size) cut(SAID.subarray(at, at + size))
  const bytes = (stream: string) => frames.flatMap((frame) => (frame.type === 'bytes' && frame.stream === stream ? [frame] : []))
  expect(Buffer.concat(bytes('o').map((frame) => frame.bytes)).toString()).toBe('a\no1\n')
  expect(Buffer.concat(bytes('e').map((frame) => frame.bytes))).toEqual(Buffer.from([255, 0]))
  expect(bytes('e').at(-1)).toMatchObject({ file: 3, isLast: true })
  expect(frames.filter(({ type }) => type !== 'bytes')).toEqual([
    { type: 'began', pid: 42, startedAt: 900 },
    { type: 'ended', code: 137, reason: 'OOMKilled' },
    { type: 'closed', stream: 'o' },
    { type: 'closed', stream: 'e' },
    { type: 'alive' },
  ])
})

test('what no follower says is refused', () => {
  expect(() => frameCutter(() => {})(Buffer.from('Welcome to this image!\n'))).toThrow(/No follower says/)
  expect(() => frameCutter(() => {})(Buffer.alloc(10_000, 'x'))).toThrow(/No follower says/)
})
