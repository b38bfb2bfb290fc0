/** What one name between slashes must look like. */
export type GlobSegment =
  | { kind: 'literal'; text: string }
  /** Any number of folders, also none. */
  | { kind: 'folders' }
  | { kind: 'wild'; tokens: readonly Token[] }

type Token = { kind: 'star' } | { kind: 'any' } | { kind: 'letter'; letter: string } | { kind: 'set'; set: LetterSet }

interface LetterSet {
  isNegated: boolean
  ranges: readonly (readonly [from: number, to: number])[]
}

/** `*`, `?`, `[…]`; `**` alone stands for folders. */
export function parseSegment(text: string): GlobSegment {
  if (text === '**') return { kind: 'folders' }
  if (!/[*?[]/.test(text)) return { kind: 'literal', text }
  const letters = [...text]
  const tokens: Token[] = []
  for (let at = 0; at < letters.length;) {
    const { token, length } = tokenAt(letters, at)
    if (token.kind !== 'star' || tokens.at(-1)?.kind !== 'star') tokens.push(token)
    at += length
  }
  return { kind: 'wild', tokens }
}

function tokenAt(letters: readonly string[], at: number): { token: Token; length: number } {
  const letter = letters[at]!
  if (letter === '*') return { token: { kind: 'star' }, length: 1 }
  if (letter === '?') return { token: { kind: 'any' }, length: 1 }
  const set = letter === '[' ? setAt(letters, at) : undefined
  return set ?? { token: { kind: 'letter', letter }, length: 1 }
}

/** Undefined: the bracket is never closed, and stands for itself. */
function setAt(letters: readonly string[], at: number): { token: Token; length: number } | undefined {
  const isNegated = letters[at + 1] === '!' || letters[at + 1] === '^'
  const from = at + (isNegated ? 2 : 1)
  // The first letter of a set may be its bracket.
  const end = letters.indexOf(']', from + 1)
  if (end === -1) return undefined
  const ranges: [number, number][] = []
  for (let i = from; i < end; i++) {
    const isRange = letters[i + 1] === '-' && i + 2 < end
    ranges.push([letters[i]!.codePointAt(0)!, letters[isRange ? i + 2 : i]!.codePointAt(0)!])
    if (isRange) i += 2
  }
  return { token: { kind: 'set', set: { isNegated, ranges } }, length: end - at + 1 }
}

/** Names with a dot in front are found only by a dot in the pattern, unless `hidden`. */
export function fitsSegment(segment: GlobSegment, name: string, hidden: boolean): boolean {
  if (segment.kind === 'literal') return segment.text === name
  if (segment.kind === 'folders') return hidden || !name.startsWith('.')
  const [first] = segment.tokens
  if (!hidden && name.startsWith('.') && first!.kind !== 'letter') return false
  return name !== '' && fitsTokens(segment.tokens, [...name])
}

/** Only the last star is ever tried again, so the time is at most the product of both lengths. */
function fitsTokens(tokens: readonly Token[], letters: readonly string[]): boolean {
  let token = 0
  let star = -1
  let from = 0
  for (let at = 0; at < letters.length;) {
    if (tokens[token]?.kind === 'star') {
      star = token++
      from = at
    } else if (token < tokens.length && fitsLetter(tokens[token]!, letters[at]!)) {
      token++
      at++
    } else if (star !== -1) {
      token = star + 1
      at = ++from
    } else return false
  }
  return tokens.slice(token).every(({ kind }) => kind === 'star')
}

function fitsLetter(token: Token, letter: string): boolean {
  if (token.kind === 'any') return true
  if (token.kind === 'letter') return token.letter === letter
  if (token.kind === 'star') return false
  const point = letter.codePointAt(0)!
  return token.set.ranges.some(([from, to]) => from <= point && point <= to) !== token.set.isNegated
}
