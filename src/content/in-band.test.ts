import { array, assert, constantFrom, integer, jsonValue, oneof, property, record, boolean, string, option } from 'fast-check'
import { expect, test } from 'vitest'
import { encodeInBand, inBandDecoder, type InBandMessage, type InBandPart, MOST_MESSAGE_BYTES, parseInBand } from './in-band.ts'

const decoded = (chunks: readonly Buffer[]) => {
  const decoder = inBandDecoder()
  return joined([...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()])
}

/** Bytes that stand together as one part. */
function joined(parts: readonly InBandPart[]): (string | InBandMessage)[] {
  const all: (string | InBandMessage)[] = []
  for (const part of parts) {
    const last = all.at(-1)
    if (part.type === 'message') all.push(part.message)
    else if (typeof last === 'string') all[all.length - 1] = last + part.bytes.toString('latin1')
    else all.push(part.bytes.toString('latin1'))
  }
  return all
}

const message: InBandMessage = { ref: 'r4', name: 'parallel', isHint: false, value: { index: 0 } }
const line = encodeInBand(message)

test('a message is a line of its own, with its parts between control characters', () => {
  expect(line).toBe('\x01\x05r4\x03parallel\x04{"index":0}\x03\n')
  expect(encodeInBand({ ref: 'r4', name: 'start', isHint: true })).toBe('\x01\x05\x06r4\x03start\x03\n')
})

test('messages are taken out of an output, in their place', () => {
  const hint: InBandMessage = { ref: 'r4', name: 'services.db', isHint: true }
  expect(decoded([Buffer.from(`before\n${line}between\n${encodeInBand(hint)}${line}after`)])).toEqual([
    'before\n',
    message,
    'between\n',
    hint,
    message,
    'after',
  ])
  expect(decoded([Buffer.from(line.replace('\n', '\r\n'))])).toEqual([message])
  expect(decoded([Buffer.from(line.trimEnd())])).toEqual([message])
})

test.each([
  ['in the middle of a line', `x${line}`],
  ['with something behind it', line.replace('\n', 'x\n')],
  ['without a name', '\x01\x05r4\x03\x03\n'],
  ['without an end', '\x01\x05r4\x03parallel\n'],
  ['with broken JSON', '\x01\x05r4\x03parallel\x04{\x03\n'],
  ['of two bytes', '\x01\x05'],
  ['of one byte', 'x\n\x01'],
])('a line that is none stays as it is: %s', (_, text) => {
  expect(decoded([Buffer.from(text)])).toEqual([text])
  expect(decoded([...Buffer.from(text)].map((byte) => Buffer.from([byte])))).toEqual([text])
})

test('a line of more than 1 MiB is no message, and is not kept', () => {
  const long = Buffer.from(encodeInBand({ ...message, value: 'x'.repeat(MOST_MESSAGE_BYTES) }))
  expect(decoded([long])).toEqual([long.toString()])
  const decoder = inBandDecoder()
  let given = 0
  for (let at = 0; at < long.length; at += 60_000)
    for (const part of decoder.push(long.subarray(at, at + 60_000))) given += part.type === 'bytes' ? part.bytes.length : 0
  expect(given).toBe(long.length)
  expect(joined(decoder.push(Buffer.from(line)))).toEqual([message])
})

test('a long line that comes letter by letter costs no more than one that comes at once', () => {
  const decoder = inBandDecoder()
  const long = Buffer.from(encodeInBand({ ...message, value: 'x'.repeat(500_000) }))
  const parts: InBandPart[] = []
  // By copying all that is held for each letter: 125 GB.
  for (let at = 0; at < long.length; at++) parts.push(...decoder.push(long.subarray(at, at + 1)))
  expect(joined(parts)).toEqual([{ ...message, value: 'x'.repeat(500_000) }])
})

test('what cannot be the beginning of a message is given out at once', () => {
  const decoder = inBandDecoder()
  expect(joined(decoder.push(Buffer.from('50 %')))).toEqual(['50 %'])
  expect(joined(decoder.push(Buffer.from('\n\x01')))).toEqual(['\n'])
  expect(joined(decoder.push(Buffer.from('\x05r4')))).toEqual([])
  expect(joined(decoder.push(Buffer.from('\x03end\x03\nx')))).toEqual([{ ref: 'r4', name: 'end', isHint: false }, 'x'])
})

test('however it is cut, the same comes out, and nothing is lost', () => {
  const messages = record({
    ref: string({ minLength: 1 }),
    name: string({ minLength: 1 }),
    isHint: boolean(),
    value: option(jsonValue(), { nil: undefined }),
  })
    .map(encodeInBand)
    .filter((text) => parseInBand(text.slice(0, -1)) !== undefined)
  const noise = constantFrom('\n', '\x01', '\x05', '\x03', 'text', '\xff', '\r\n', '\x01\x05', 'x\n')
  assert(
    property(array(oneof(messages, noise)), array(integer({ min: 0, max: 500 })), (texts, cuts) => {
      const bytes = Buffer.from(texts.join(''))
      const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
      const parts = decoded(places.slice(1).map((to, i) => bytes.subarray(places[i], to)))
      expect(parts).toEqual(decoded([bytes]))
      const lines = bytes.toString('latin1').split(/(?<=\n)/)
      const kept = lines.filter((each) => parseInBand(Buffer.from(each, 'latin1').toString().replace(/\n$/, '')) === undefined)
      expect(parts.filter((part) => typeof part === 'string').join('')).toBe(kept.join(''))
    }),
    { numRuns: 500 },
  )
})
