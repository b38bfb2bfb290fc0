import { expect, test } from 'vitest'
import { intoSession, messageCutter, outOfSession, sessionOf } from './cdp.ts'

const SESSION = '0123456789ABCDEF0123456789ABCDEF'
const bytes = (value: object) => Buffer.from(JSON.stringify(value))

test('messages are the same however the stream is cut', () => {
  const messages = [{ id: 1 }, { id: 2, text: 'ü🍎' }, {}, { id: 3, long: 'x'.repeat(500) }].map(bytes)
  const stream = Buffer.concat(messages.flatMap((message) => [message, Buffer.from([0])]))
  for (const size of [1, 2, 3, 7, 100, stream.length]) {
    const cut = messageCutter()
    const found: Buffer[] = []
    for (let at = 0; at < stream.length; at += size) found.push(...cut(stream.subarray(at, at + size)))
    expect(found.map(String)).toEqual(messages.map(String))
  }
})

test.for<[string, object, string | null]>([
  ['a command of a session', { id: 1, method: 'a', params: { x: 1 }, sessionId: SESSION }, SESSION],
  ['a command of the root', { id: 1, method: 'a', params: { x: 1 } }, null],
  ['an answer of the root that holds a session', { id: 1, result: { sessionId: SESSION } }, null],
  ['an event of the root about a session', { method: 'a', params: { targetId: 'T', sessionId: SESSION } }, null],
  ['text that looks like one', { id: 1, params: { text: `,"sessionId":"${SESSION}"}` } }, null],
])('%s is told by its end', ([, message, session]) => {
  expect(sessionOf(bytes(message))).toBe(session)
})

test('a message goes into a session and comes out as it was', () => {
  const message = bytes({ id: 7, method: 'Target.createTarget', params: { url: 'about:blank', text: '}' } })
  const inside = intoSession(message, SESSION)
  expect(JSON.parse(inside.toString())).toEqual({ ...JSON.parse(message.toString()), sessionId: SESSION })
  expect(sessionOf(inside)).toBe(SESSION)
  expect(outOfSession(inside, SESSION).toString()).toBe(message.toString())
})
