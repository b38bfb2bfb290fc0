import { expect, test } from 'vitest'
import * as door from './front-door.ts'

const request: door.FrontRequest = {
  command: 'run',
  args: ['/target/a.wasm', '--exact', 'tests::überall', ''],
  cwd: '/app',
  env: { PATH: '/bin', EMPTY: '', EQUALS: 'a=b\n=c' },
  pid: 42,
  terminals: [false, true, true],
  columns: 120,
  rows: 40,
}

test('a request comes out of its bytes as it went in, whatever the cut, and what follows it is kept', () => {
  const bytes = Buffer.concat([door.encodeRequest(request), Buffer.from('rest')])
  for (const step of [1, 3, 7, bytes.length]) {
    const found: unknown[] = []
    const read = door.requestReader((given, rest) => found.push(given, rest.toString()))
    for (let at = 0; found.length === 0; at += step) read(bytes.subarray(at, at + step))
    expect(found[0]).toEqual(request)
    expect('rest'.startsWith(found[1] as string)).toBe(true)
  }
})

test('frames come out of any cut, in order', () => {
  const bytes = Buffer.concat([
    door.encodeFrontFrame('O', 'hello\n'),
    door.encodeFrontFrame('I', ''),
    door.encodeFrontFrame('X', new Uint8Array([101])),
  ])
  for (const step of [1, 4, 6, bytes.length]) {
    const found: string[] = []
    const read = door.frontFrameReader(({ type, payload }) => found.push(`${type} ${payload.toString('latin1')}`))
    for (let at = 0; at < bytes.length; at += step) read(bytes.subarray(at, at + step))
    expect(found).toEqual(['O hello\n', 'I ', 'X e'])
  }
})

test('a greeting of another protocol, or none at all, is not understood', () => {
  const line = door.encodeGreeting('t0ken', '1.2.3+abc').slice(0, -1)
  expect(door.decodeGreeting(line)).toEqual({ token: 't0ken', version: '1.2.3+abc' })
  for (const other of ['EVERWARM 2 t v', 'EVERWARM 1 t', 'EVERWARM 1  v', 'GET / HTTP/1.1', ''])
    expect(door.decodeGreeting(other)).toBeUndefined()
})

test.for([
  ['no command', '\0/app\x001\x00000\x000\x000\x000'],
  ['no working directory', 'run\0\x001\x00000\x000\x000\x000'],
  ['four terminals', 'run\0/app\x001\x000000\x000\x000\x000'],
  ['more arguments than there are', 'run\0/app\x001\x00000\x000\x000\x002\0one'],
  ['a process number that is none', 'run\0/app\0x\x00000\x000\x000\x000'],
  ['nothing', ''],
])('a request with %s is refused', ([, body]) => {
  expect(() => door.decodeRequest(Buffer.from(body!))).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
})

test('a length that nobody can mean is taken for noise', () => {
  const length = Buffer.from([0xff, 0xff, 0xff, 0xff, 0])
  expect(() => door.requestReader(() => {})(length)).toThrow(expect.objectContaining({ code: 'FRAME_TOO_LARGE' }))
})
