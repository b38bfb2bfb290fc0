import { expect, test } from 'vitest'
import { readGrant, signedPath } from './presign.ts'
import type { Grant } from './presign.ts'

const SECRET = Buffer.alloc(32, 7)
const HASH = 'a'.repeat(64)
const PUT: Grant = { method: 'PUT', sha256: HASH, size: 10, expiresAtMs: 1_000 }

const queryOf = (path: string) => new URL(path, 'http://x').searchParams
const read = (path: string, as: Partial<Grant> = {}, nowMs = 0, secret: Uint8Array = SECRET) =>
  readGrant(as.method ?? 'PUT', as.sha256 ?? HASH, queryOf(path), secret, nowMs)

test('a signed address grants what it was signed for', () => {
  expect(read(signedPath(PUT, SECRET))).toEqual(PUT)
  const get: Grant = { ...PUT, method: 'GET', shown: { name: 'a&b=".png', type: 'image/png' } }
  expect(read(signedPath(get, SECRET), { method: 'GET' })).toEqual(get)
})

test('after its time it grants nothing', () => {
  expect(read(signedPath(PUT, SECRET), {}, 999)).toEqual(PUT)
  expect(() => read(signedPath(PUT, SECRET), {}, 1_000)).toThrow(expect.objectContaining({ code: 'TOKEN_EXPIRED' }))
})

const refused = expect.objectContaining({ code: 'TOKEN_REFUSED' })

test('it is for no other hash, method or secret', () => {
  const path = signedPath(PUT, SECRET)
  expect(() => read(path, { sha256: 'b'.repeat(64) })).toThrow(refused)
  expect(() => read(path, { method: 'GET' })).toThrow(refused)
  expect(() => read(path, {}, 0, Buffer.alloc(32, 8))).toThrow(refused)
})

test.each(['size=11', 'expires=99999', 'name=x.html&type=text/html', 'signature=AAAA', 'signature=', 'size=-1', 'expires=1e9'])(
  'with %s it is refused',
  (change) => {
    const query = queryOf(signedPath(PUT, SECRET))
    for (const [name, value] of new URLSearchParams(change)) query.set(name, value)
    expect(() => readGrant('PUT', HASH, query, SECRET, 0)).toThrow(refused)
  },
)

test('name and type of a download cannot be moved into each other', () => {
  const path = signedPath({ ...PUT, method: 'GET', shown: { name: 'ab', type: 'c' } }, SECRET)
  const query = queryOf(path)
  query.set('name', 'a')
  query.set('type', 'bc')
  expect(() => readGrant('GET', HASH, query, SECRET, 0)).toThrow(refused)
})
