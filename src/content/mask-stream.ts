import type { Automaton } from './mask-automaton.ts'

export interface MaskStream {
  /** What is certain so far; it may be a part of `bytes` itself. At most the beginning of a secret is held back. */
  push(bytes: Buffer): Buffer
  /** The rest. */
  end(): Buffer
}

/** From and to, in bytes behind the beginning of what is held; the mask of an open one has been given out already. */
interface Span {
  from: number
  to: number
  isOpen: boolean
}

const MASK = Buffer.from('****')
const NOTHING = Buffer.alloc(0)

/** @param current may give another one at any time, if it knows all that the one before knew; undefined: nothing is secret */
export function maskStream(current: () => Automaton | undefined): MaskStream {
  let automaton: Automaton | undefined
  let state = 0
  let held: Buffer = NOTHING
  let spans: Span[] = []

  /** A newer one has seen nothing of what is held. */
  const renew = (): Automaton | undefined => {
    const next = current()
    if (next && next !== automaton) {
      spans = spans.filter(({ isOpen }) => isOpen)
      state = scan(next, 0, held, 0, spans)
    }
    return (automaton = next)
  }

  const giveOut = (bytes: Buffer, safe: number): Buffer => {
    const parts: Buffer[] = []
    let from = 0
    for (const span of spans) {
      if (span.from >= safe) break
      if (!span.isOpen) parts.push(bytes.subarray(from, span.from), MASK)
      span.isOpen = true
      from = Math.min(span.to, safe)
    }
    parts.push(bytes.subarray(from, safe))
    spans = spans.filter(({ to }) => to > safe)
    for (const span of spans) {
      span.from = Math.max(0, span.from - safe)
      span.to -= safe
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  return {
    push(bytes) {
      const known = renew()
      if (!known) return bytes
      state = scan(known, state, bytes, held.length, spans)
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      const safe = all.length - known.held[state]!
      const given = giveOut(all, safe)
      // A copy: a few bytes must not keep a whole chunk.
      held = safe === all.length ? NOTHING : Buffer.from(all.subarray(safe))
      return given
    },
    end() {
      renew()
      const given = giveOut(held, held.length)
      held = NOTHING
      spans = []
      state = 0
      return given
    },
  }
}

/**
 * Adds what it finds to the spans, in order and apart from each other. Most bytes are not looked at.
 * @param offset of the first byte, as spans count
 */
function scan(automaton: Automaton, from: number, bytes: Buffer, offset: number, spans: Span[]): number {
  const { shallow, quiet, rows, table, edge, child, fail, match } = automaton
  let state = from
  for (let i = 0; i < bytes.length;) {
    if (state < shallow && (state === 0 || i > 0)) {
      // What may have begun with the last byte is looked at again.
      i = skip(automaton.near, bytes, state === 0 ? i : i - 1)
      state = 0
    }
    const least = Math.min(bytes.length, i + 4)
    for (; i < least || (i < bytes.length && state >= shallow); i++) {
      const byte = bytes[i]!
      while (state >= rows && edge[state] !== byte) state = fail[state]!
      state = state < rows ? table[(state << 8) | byte]! : child[state]!
      if (state < quiet || match[state] === 0) continue
      addSpan(spans, offset + i + 1 - match[state]!, offset + i + 1)
    }
  }
  return state
}

/** Where the next text may begin, if none has begun yet. */
function skip(near: Uint8Array, bytes: Buffer, from: number): number {
  let at = from
  const last = bytes.length - 4
  while (at <= last && near[(bytes[at + 2]! << 8) | bytes[at + 3]!] === 0) at += 3
  return at
}

function addSpan(spans: Span[], start: number, to: number): void {
  let from = start
  let isOpen = false
  for (let last = spans.at(-1); last && last.to > start; last = spans.at(-1)) {
    from = Math.min(from, last.from)
    isOpen ||= last.isOpen
    spans.pop()
  }
  spans.push({ from, to, isOpen })
}
