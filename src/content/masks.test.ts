import { array, assert, constantFrom, integer, property, string, uint8Array } from 'fast-check'
import { expect, test } from 'vitest'
import { formsOf } from './mask-forms.ts'
import { createMasks, type Masks } from './masks.ts'

function masksOf(...secrets: string[]): Masks {
  const masks = createMasks()
  for (const secret of secrets) masks.add(secret)
  return masks
}

function streamed(masks: Masks, bytes: Buffer, cuts: readonly number[]): Buffer {
  const stream = masks.stream()
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  const parts = places.slice(1).map((to, i) => stream.push(bytes.subarray(places[i], to)))
  return Buffer.concat([...parts, stream.end()])
}

test.each([
  ['as it is', 'pass s3cret! word', 'pass **** word'],
  ['twice in a row', 's3cret!s3cret!', '********'],
  ['in base64', Buffer.from('s3cret!').toString('base64'), '****'],
  ['in base64 with something around it, but for what it shares with its neighbours', 'dTpzM2NyZXQhQGhvc3Q=', 'dTp****QGhvc3Q='],
  ['in a URL', 'https://u:s3cret%21@host/', 'https://u:****@host/'],
])('a secret is masked %s', (_, text, masked) => {
  expect(masksOf('s3cret!').text(text)).toBe(masked)
})

const html = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
const TRICKY = `a'b"c$d\\e/f g<h>&é\tü`
test.each([
  ['JSON', JSON.stringify(TRICKY)],
  ['JSON with escaped slashes', JSON.stringify(TRICKY).replaceAll('/', '\\/')],
  ['JSON in ASCII', JSON.stringify(TRICKY).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)],
  ['a URL', encodeURIComponent(TRICKY)],
  ['a URL in lower case', encodeURIComponent(TRICKY).replace(/%../g, (c) => c.toLowerCase())],
  ['an address', encodeURI(TRICKY)],
  ['an address in lower case', encodeURI(TRICKY).replace(/%../g, (c) => c.toLowerCase())],
  ['a path of an address', encodeURIComponent(TRICKY).replaceAll('%2F', '/')],
  ['a path as Python quotes it', encodeURIComponent(TRICKY).replaceAll('%2F', '/').replaceAll("'", '%27')],
  ['HTML', html(TRICKY).replaceAll("'", '&#39;')],
  ['HTML with hexadecimal quotes', html(TRICKY).replaceAll("'", '&#x27;')],
  ['hex', Buffer.from(TRICKY).toString('hex')],
  ['hex in upper case', Buffer.from(TRICKY).toString('hex').toUpperCase()],
  ['a form', String(new URLSearchParams({ '': TRICKY })).slice(1)],
  ['single quotes of a shell', TRICKY.replaceAll("'", `'\\''`)],
  ['double quotes of a shell', TRICKY.replace(/["$`\\]/g, '\\$&')],
  ['XML', html(TRICKY)],
  ['base64', Buffer.from(TRICKY).toString('base64')],
  ['base64url', Buffer.from(TRICKY).toString('base64url')],
])('no part of a tricky secret is left in %s', (_, text) => {
  expect(masksOf(TRICKY).text(text).replaceAll('"', '')).toBe('****')
})

test('lines of a secret are secrets, alone and together, also encoded in lines', () => {
  const key = `-----BEGIN KEY-----\n${'MIIEowIBAAKCAQEA0+/x'.repeat(12)}\nab\n-----END KEY-----\n`
  const masks = masksOf(key)
  expect(masks.text('x MIIEowIBAAKCAQEA0+/xMII y')).toBe('x MIIEowIBAAKCAQEA0+/xMII y')
  expect(masks.text(`x ${'MIIEowIBAAKCAQEA0+/x'.repeat(12)} y ab`)).toBe('x **** y ab')
  expect(masks.text(key.replaceAll('\n', '\r\n'))).toBe('****\r\n****\r\nab\r\n****\r\n')
  expect(masks.text(key)).toBe('****')
  const wrapped = Buffer.from(key)
    .toString('base64')
    .match(/.{1,76}/g)!
    .join('\n')
  expect(masks.text(wrapped)).toMatch(/^(\*{4,}\n)+\*{4,}$/)
})

test('a very long secret is found by its lines, and costs little', () => {
  const lines = Array.from({ length: 5_000 }, (_, i) => `line ${i} of a file of half a megabyte`.padEnd(100, String(i)))
  const masks = masksOf(lines.join('\n'))
  expect(masks.text(`${lines[7]}\n${lines[4_999]}`)).toMatch(/^\*+\n\*+$/)
})

test('three characters are no secret, four are', () => {
  expect(masksOf('abc', '').text('abc')).toBe('abc')
  expect(masksOf('abcd').text('abcd')).toBe('****')
  expect(masksOf('🙂🙂🙂').text('🙂🙂🙂')).toBe('🙂🙂🙂')
})

test('hex of five bytes hides nothing, that of six does', () => {
  expect(masksOf('abcde').text('6162636465')).toBe('6162636465')
  expect(masksOf('abcdef').text('x616263646566')).toBe('x****')
})

test('secrets that overlap become one mask, so that no end of one is left', () => {
  expect(masksOf('abcdef', 'defghi').text('-abcdefghi-')).toBe('-****-')
  expect(masksOf('aaaa').text('a'.repeat(1_000))).toBe('****')
})

test('only what may be the beginning of a secret is held back', () => {
  const stream = masksOf('s3cret').stream()
  expect(stream.push(Buffer.from('line s3c')).toString()).toBe('line ')
  expect(stream.push(Buffer.from('onds\nmore s')).toString()).toBe('s3conds\nmore ')
  expect(stream.push(Buffer.from('3cret')).toString()).toBe('****')
  expect(stream.end().toString()).toBe('')
})

test('an endless match is one mask, and nothing is kept of it', () => {
  const stream = masksOf('aaaa').stream()
  let given = ''
  for (let i = 0; i < 1_000; i++) given += stream.push(Buffer.alloc(100, 'a')).toString()
  expect(given + stream.end().toString()).toBe('****')
})

test('a secret that is added later counts from then on, also for what is held', () => {
  const masks = masksOf('other-secret')
  const stream = masks.stream()
  expect(stream.push(Buffer.from('late! oth')).toString()).toBe('late! ')
  masks.add('other-late!')
  expect(stream.push(Buffer.from('er-late! late!')).toString()).toBe('**** late!')
  const none = createMasks()
  const early = none.stream()
  expect(early.push(Buffer.from('s3cret')).toString()).toBe('s3cret')
  none.add('s3cret')
  expect(early.push(Buffer.from('s3cret')).toString()).toBe('****')
})

test('without a match bytes pass as they are, and are not copied', () => {
  const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x80, 0x0a])
  expect(createMasks().stream().push(bytes)).toBe(bytes)
  const given = masksOf('s3cret').stream().push(bytes)
  expect(given).toEqual(bytes)
  expect(given.buffer).toBe(bytes.buffer)
  expect(masksOf('s3cret').text('\ud800 lone')).toBe('\ud800 lone')
})

/** What it should be, the slow way: every byte that is in some form of a secret goes, neighbours with it. */
function expected(secrets: readonly string[], bytes: Buffer): Buffer {
  const spans: [number, number][] = []
  for (const form of secrets.flatMap(formsOf))
    for (let at = bytes.indexOf(form); at !== -1; at = bytes.indexOf(form, at + 1)) spans.push([at, at + form.length])
  spans.sort((a, b) => a[0] - b[0] || b[1] - a[1])
  const merged: [number, number][] = []
  for (const [from, to] of spans) {
    const last = merged.at(-1)
    if (last && from < last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  const parts: Buffer[] = []
  let at = 0
  for (const [from, to] of merged) {
    parts.push(bytes.subarray(at, from), Buffer.from('****'))
    at = to
  }
  return Buffer.concat([...parts, bytes.subarray(at)])
}

const secret = string({ unit: constantFrom('a', 'b', 'c', '"', "'", ' ', '\n', 'é'), minLength: 4, maxLength: 12 })

test('however it is cut, the output is that of the whole, and no form of a secret is left', () => {
  const wraps = [
    (s: string) => s,
    (s: string) => JSON.stringify(s),
    encodeURIComponent,
    (s: string) => Buffer.from(`x${s}y`).toString('base64'),
  ]
  assert(
    property(
      array(secret, { minLength: 1, maxLength: 4 }),
      array(integer({ min: 0, max: 30 }), { maxLength: 12 }),
      uint8Array({ maxLength: 12 }),
      array(integer({ min: 0, max: 10_000 }), { maxLength: 10 }),
      (secrets, order, noise, cuts) => {
        const parts = order.map((n) => {
          const own = secrets[n % secrets.length]!
          const text = wraps[n % wraps.length]!(own)
          return n % 5 === 0 ? Buffer.from(noise) : Buffer.from(text.slice(n % 3 === 0 ? n % 4 : 0))
        })
        const bytes = Buffer.concat(parts)
        const given = streamed(masksOf(...secrets), bytes, cuts)
        expect(given.equals(expected(secrets, bytes))).toBe(true)
        for (const form of secrets.flatMap(formsOf)) expect(given.includes(form)).toBe(false)
      },
    ),
    { numRuns: 500 },
  )
})
