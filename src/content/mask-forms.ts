/** Shorter ones are found everywhere, and hide nothing. */
export const LEAST_CHARACTERS = 4

/** A longer one is no password, and would have megabytes of forms: only its lines are looked for, as they are. Characters. */
const MOST_FORMED = 16_384

/**
 * All ways in which a value may stand in an output: it and each of its lines, as they are, in base64, in hex,
 * percent-encoded, and as JSON, shells, XML and HTML write them.
 * @returns none for a value of less than 4 characters
 */
export function formsOf(value: string): Buffer[] {
  const forms = new Map<string, Buffer>()
  for (const piece of piecesOf(value))
    for (const form of value.length > MOST_FORMED ? [Buffer.from(piece)] : allForms(piece))
      if (form.length >= LEAST_CHARACTERS) forms.set(form.toString('latin1'), form)
  return [...forms.values()]
}

function allForms(piece: string): Buffer[] {
  const bytes = Buffer.from(piece)
  return [...[...textForms(piece), ...hexForms(bytes)].map((text) => Buffer.from(text)), ...base64Forms(bytes)]
}

function piecesOf(value: string): string[] {
  const pieces = [value, value.trim(), ...value.split(/[\r\n]+/).map((line) => line.trim())]
  return [...new Set(pieces)].filter((piece) => [...piece].length >= LEAST_CHARACTERS)
}

function textForms(text: string): string[] {
  const percent = wellFormed(text)
  const strict = percent.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  // Of paths and of whole addresses.
  const kept = [
    encodeURI(text.toWellFormed()),
    percent.replaceAll('%2F', '/'),
    strict.replaceAll('%2F', '/'),
    ...parsedForms(text),
  ]
  const json = inJson(text)
  return [
    text,
    ...[percent, strict, ...kept].flatMap((form) => [form, lowerHex(form), form.replaceAll('%20', '+')]),
    json,
    json.replaceAll('/', '\\/'),
    json.replace(/[<>&]/g, unicode),
    json.replace(/[^\x20-\x7e]/g, unicode),
    // A document in a document.
    inJson(json),
    // In single quotes, two ways to have a quote itself; in double quotes; without quotes; between $' and '.
    text.replaceAll("'", `'\\''`),
    text.replaceAll("'", `'"'"'`),
    text.replace(/["$`\\]/g, '\\$&'),
    text.replace(/[^\w@%+=:,./\n-]/g, '\\$&'),
    text.replace(/['\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t'),
    xml(text),
    xml(text).replaceAll('"', '&quot;'),
    xml(text).replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    ...['&apos;', '&#39;', '&#x27;'].map((quote) => xml(text).replaceAll('"', '&quot;').replaceAll("'", quote)),
  ]
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1)

/** As `new URL()` writes it in a path and in a query. @see https://url.spec.whatwg.org/#path-percent-encode-set */
function parsedForms(text: string): string[] {
  const path = text.replace(/[^\x21\x24-\x3b\x3d\x40-\x5d\x5f\x61-\x7a\x7c\x7e]/gu, inAddress)
  return [path, path.replaceAll('\\', '/'), text.replace(/[^\x21\x24-\x26\x28-\x3b\x3d\x3f-\x7e]/gu, inAddress)]
}

/** `encodeURIComponent` leaves a quote as it is. */
const inAddress = (c: string) => (c === "'" ? '%27' : wellFormed(c))

/** Half of a character cannot be percent-encoded. */
const wellFormed = (text: string) => encodeURIComponent(text.toWellFormed())
const lowerHex = (text: string) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
const unicode = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Digits of fewer bytes are found in numbers and hashes. */
const LEAST_HEX_BYTES = 6

function hexForms(bytes: Buffer): string[] {
  if (bytes.length < LEAST_HEX_BYTES) return []
  const digits = bytes.toString('hex')
  return [digits, digits.toUpperCase()]
}

/** Lines of `base64` and of PEM. */
const LINE_LENGTHS = [76, 64]

/**
 * What is certain to be in the base64 of any text that holds these bytes: it depends on how many bytes, modulo 3, are in front. Of
 * the first and the last character some bits may belong to the neighbours: they stay.
 */
function base64Forms(bytes: Buffer): Buffer[] {
  const whole = bytes.toString('base64')
  const inner = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return text.slice([0, 2, 3][before], Math.floor(((before + bytes.length) * 8) / 6))
  })
  const lines = LINE_LENGTHS.filter((length) => whole.length > length).flatMap((length) =>
    whole.match(new RegExp(`.{1,${length}}`, 'g'))!,
  )
  return [whole, whole.replace(/=+$/, ''), ...inner, ...lines]
    .flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
    .map((t) => Buffer.from(t))
}
