/** What a program says to the engine in a line of its standard output. */
export interface InBandMessage {
  /** Of the step that says it. */
  ref: string
  name: string
  /** `start`, `end`, `pause`, `services.<name>` and the like: about the step itself, no output of it. */
  isHint: boolean
  /** Any JSON; absent if nothing was sent. */
  value?: unknown
}

export type InBandPart = { type: 'bytes'; bytes: Buffer } | { type: 'message'; message: InBandMessage }

export interface InBandDecoder {
  /** In the order in which it came; what is no message is given out byte by byte as it was, but for what may become one. */
  push(bytes: Buffer): InBandPart[]
  /** The rest. */
  end(): InBandPart[]
}

/** A longer line is no message. */
export const MOST_MESSAGE_BYTES = 1024 * 1024

const START = Buffer.from([0x01, 0x05])
const LINE_START = Buffer.from([0x0a, ...START])
const NEW_LINE = 0x0a
const NOTHING = Buffer.alloc(0)

/** The line, with its end. It must begin a line: who has written a part of one writes `\n` first. */
export function encodeInBand({ ref, name, isHint, value }: InBandMessage): string {
  // JSON has no control characters, so none of it can be taken for an end.
  const json = value === undefined ? '' : `\x04${JSON.stringify(value)}`
  return `\x01\x05${isHint ? '\x06' : ''}${ref}\x03${name}${json}\x03\n`
}

// oxlint-disable-next-line no-control-regex
const MESSAGE = /^\x01\x05(\x06?)([^\x00-\x1f]{1,256})\x03([^\x00-\x1f]{1,256})(?:\x04([^\x03\n]*))?\x03\r?$/

/** @param line without its end @returns undefined: it is none */
export function parseInBand(line: string): InBandMessage | undefined {
  const [, hint, ref, name, json] = MESSAGE.exec(line) ?? []
  if (ref === undefined || name === undefined) return undefined
  try {
    return { ref, name, isHint: hint !== '', ...(json === undefined ? {} : { value: JSON.parse(json) as unknown }) }
  } catch {
    // It only looked like one.
    return undefined
  }
}

/** For one stream. It holds at most one line, of at most 1 MiB, and only if that begins as a message does. */
export function inBandDecoder(): InBandDecoder {
  const held = heldBytes()
  let isLineStart = true

  return {
    push(chunk) {
      // Ends of lines in what was held have been looked for already.
      let unseen = Math.max(0, held.length() - 1)
      const bytes = held.with(chunk)
      const parts: InBandPart[] = []
      let from = 0
      for (;;) {
        const at = nextStart(bytes, from, isLineStart)
        const end = at < bytes.length ? bytes.indexOf(NEW_LINE, Math.max(at, unseen)) : -1
        if (end === -1) {
          const upTo = bytes.length - at > MOST_MESSAGE_BYTES ? bytes.length : at
          addBytes(parts, bytes.subarray(from, upTo))
          if (upTo > from) isLineStart = bytes[upTo - 1] === NEW_LINE
          if (upTo > 0) held.only(bytes.subarray(upTo))
          return parts
        }
        const message = end - at > MOST_MESSAGE_BYTES ? undefined : parseInBand(bytes.toString('utf8', at, end))
        addBytes(parts, bytes.subarray(from, message ? at : end + 1))
        if (message) parts.push({ type: 'message', message })
        from = end + 1
        unseen = from
        isLineStart = true
      }
    },
    end() {
      const bytes = held.with(NOTHING)
      const message = parseInBand(bytes.toString())
      const parts: InBandPart[] = message ? [{ type: 'message', message }] : []
      if (!message) addBytes(parts, bytes)
      held.only(NOTHING)
      isLineStart = true
      return parts
    },
  }
}

/** Grows by doubling: who writes a long line letter by letter costs no more than who writes it at once. */
function heldBytes() {
  let store: Buffer = NOTHING
  let length = 0
  return {
    length: () => length,
    /** What is held and this; held from now on. Not to be kept, unless `only` follows. */
    with(chunk: Buffer): Buffer {
      if (length === 0) {
        store = chunk
        length = chunk.length
        return chunk
      }
      const needed = length + chunk.length
      if (needed > store.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * length))
        store.copy(larger, 0, 0, length)
        store = larger
      }
      chunk.copy(store, length)
      length = needed
      return store.subarray(0, length)
    },
    only(bytes: Buffer): void {
      store = bytes.length === 0 ? NOTHING : Buffer.from(bytes)
      length = bytes.length
    },
  }
}

/** Where a message begins or, at the end of what there is, may begin; the length if nowhere. */
function nextStart(bytes: Buffer, from: number, isLineStart: boolean): number {
  if (isLineStart && START.subarray(0, bytes.length - from).equals(bytes.subarray(from, from + 2))) return from
  const found = bytes.indexOf(LINE_START, from)
  if (found !== -1) return found + 1
  const isCut = bytes.length - from >= 2 && bytes.at(-1) === START[0] && bytes.at(-2) === NEW_LINE
  return isCut ? bytes.length - 1 : bytes.length
}

function addBytes(parts: InBandPart[], bytes: Buffer): void {
  if (bytes.length > 0) parts.push({ type: 'bytes', bytes })
}
