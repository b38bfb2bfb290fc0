import { afterAll, beforeAll, expect, test } from 'vitest'
import { ErrorInfo } from '../../../src/contracts/error-info.ts'
import { type Served, send, sendBytes, served } from './served.ts'

let there: Served
beforeAll(async () => {
  there = await served({ serve: { limits: { headersTimeoutMs: 500, requestTimeoutMs: 1_000 } } })
})
afterAll(async () => {
  expect(there.faults).toEqual([])
  await there.close()
})

const REGISTER = '/api/workers/register'
const SESSION = '/api/execution/parallel'
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

test.each([
  ['nothing', REGISTER, '', 400],
  ['half an object', REGISTER, '{"id":', 400],
  ['null', REGISTER, 'null', 400],
  ['a list', REGISTER, '[]', 400],
  ['a text', REGISTER, '"x"', 400],
  ['no UTF-8', REGISTER, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400],
  ['a NUL in a text', REGISTER, String.raw`{"id":"a\u0000"}`, 400],
  ['half a surrogate pair', REGISTER, String.raw`{"name":"\ud800"}`, 400],
  ['a NUL in a name', SESSION, String.raw`{"run":{"env":{"A\u0000":"x"}}}`, 400],
  ['nesting without end', REGISTER, deep(1_000_000), 400],
  ['nesting in a field that there is not', REGISTER, `{"id":"deep","x":${deep(1_000_000)}}`, 201],
  ['a prototype', REGISTER, '{"id":"proto","__proto__":{"isAdmin":true},"constructor":{"prototype":{}}}', 201],
  ['a huge number', REGISTER, '{"capabilities":{"maxConcurrent":1e400}}', 400],
  ['a huge port', REGISTER, '{"port":99999999999999999999}', 400],
  ['a long id', REGISTER, `{"id":"${'x'.repeat(100_000)}"}`, 400],
  ['a million numbers', SESSION, `{"tests":[${'1,'.repeat(999_999)}1]}`, 400],
  ['a million empty texts', SESSION, `{"run":{"args":[${'"",'.repeat(999_999)}""]}}`, 400],
  ['too many tests', SESSION, JSON.stringify({ tests: Array.from({ length: 200_001 }, () => 'a') }), 400],
  ['lists in lists', SESSION, `{"tests":[${`[${'1,'.repeat(999)}1],`.repeat(999)}[]]}`, 400],
])('%s is answered with a code', async (_what, path, raw, status) => {
  const answer = await send(there.server, path, { method: 'POST', raw })
  expect(`${answer.status} ${answer.text.slice(0, 200)}`).toMatch(new RegExp(`^${status}`))
  if (status >= 400) expect(ErrorInfo.parse(answer.json).code).toBe('BAD_INPUT')
})

test('bodies that are too large are refused by what they declare, and by what comes', async () => {
  const declared = await sendBytes(
    there.server,
    `POST ${REGISTER} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer admin\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\n\r\n{`,
  )
  expect(declared).toContain('"BODY_TOO_LARGE"')
  const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`
  const chunked = await sendBytes(
    there.server,
    `POST ${REGISTER} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer admin\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(130)}`,
  )
  expect(chunked).toContain('"BODY_TOO_LARGE"')
})

test('only JSON is read, and no compressed one', async () => {
  const others: Record<string, string>[] = [
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': '' },
    { 'content-encoding': 'gzip' },
  ]
  for (const headers of others) {
    const { status, json } = await send(there.server, REGISTER, { raw: '{}', headers })
    expect([status, json.code]).toEqual([415, 'CONTENT_TYPE_REFUSED'])
  }
  expect(
    (await send(there.server, REGISTER, { raw: '{}', headers: { 'content-type': 'Application/JSON; charset=utf-8' } })).status,
  ).toBe(201)
})

test.each([
  '?limit=0',
  '?limit=-1',
  '?limit=1e9',
  '?limit=x',
  '?limit=101',
  '?limit=1&limit=2',
  '?before=%00',
  `?before=${'x'.repeat(3_000)}`,
])('the query %.20s is refused', async (query) => {
  const { status, json } = await send(there.server, SESSION + query)
  expect([status, json.code, json.issues.length]).toEqual([400, 'BAD_INPUT', 1])
})

test.each([
  ['garbage', 'GARBAGE\r\n\r\n', '400'],
  ['no host', 'GET /api/workers HTTP/1.1\r\n\r\n', '421'],
  ['a host that is none', 'GET /api/workers HTTP/1.1\r\nhost: a b\r\n\r\n', '400'],
  ['an address that is none', 'GET http://[/ HTTP/1.1\r\nhost: localhost\r\n\r\n', '400'],
  ['a head without end', `GET / HTTP/1.1\r\nhost: localhost\r\n${'x: y\r\n'.repeat(10_000)}\r\n`, '431'],
  ['a long address', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`, '431'],
  ['two lengths', 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na', '400'],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    '400',
  ],
  ['a proxy', 'CONNECT evil:80 HTTP/1.1\r\nhost: localhost\r\n\r\n', '405'],
  ['an unknown method', 'FROB / HTTP/1.1\r\nhost: localhost\r\n\r\n', '400'],
  ['half a head', 'GET / HTTP/1.1\r\nhost:', '408'],
  [
    'half a body',
    `POST ${REGISTER} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer admin\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{`,
    '408',
  ],
])('%s is answered with a code', async (_what, bytes, status) => {
  const said = await sendBytes(there.server, bytes, status === '408' ? 5_000 : 500)
  expect(said.slice(0, 12)).toBe(`HTTP/1.1 ${status}`)
  expect(said).toMatch(/\{"code":"[A-Z_]+","message":/)
})
