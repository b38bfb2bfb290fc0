import { stripVTControlCharacters } from 'node:util'
import type { Paint } from '../../system/log.ts'

/** A piece of a line. */
export interface Span {
  text: string
  style?: keyof Paint
  /** Where a line has too little room it becomes shorter before what stands behind it does. */
  shrinks?: boolean
  /** Where a line has too little room it takes no more than this part of it. */
  share?: number
}
export type Line = readonly Span[]

// Formatting characters (bidi) turn what stands beside them; the others move the cursor or ring.
// oxlint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f]/g
const ASCII = /^[ -~]*$/
const NARROW_NOTHING = /[\p{Mn}\p{Me}\u200b-\u200d]/u
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Output of others on one line of a terminal: what would move, colour or rename it is taken away. */
export function neutral(text: string): string {
  if (ASCII.test(text)) return text
  return stripVTControlCharacters(text).replace(/\t/g, '  ').replace(/\n/g, ' ').replace(UNSEEN, '')
}

/** Columns that a text takes; rather too many than too few. It has no control characters. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += columnsOf(character)
  return columns
}

const columnsOf = (character: string) => (NARROW_NOTHING.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** The start of a text that fits, with `…` where something is missing. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  if (columns < 1) return ''
  let used = 0
  let start = ''
  for (const character of text) {
    used += columnsOf(character)
    if (used > columns - 1) break
    start += character
  }
  return `${start}…`
}

/** What shrinks keeps so many columns. */
const LEAST_SHOWN = 10

/** A line of a terminal, never wider than `columns`. */
export function paintLine(line: Line, columns: number, paint: Paint): string {
  let left = columns
  let surplus = line.some(({ shrinks }) => shrinks) ? widthOf(plainText(line)) - columns : 0
  let painted = ''
  const isTight = line.some(({ share }) => share) && widthOf(plainText(line)) > columns
  for (const { text, style, shrinks, share } of line) {
    if (left <= 0) break
    const wide = widthOf(text)
    const least = Math.min(LEAST_SHOWN, wide)
    const most = share && isTight ? Math.max(least, Math.min(wide, Math.floor(columns * share))) : wide
    const room = shrinks && surplus > 0 ? Math.max(least, wide - surplus) : most
    surplus -= wide - room
    const shown = cut(text, Math.min(left, room))
    left -= widthOf(shown)
    painted += style === undefined || shown === '' ? shown : paint[style](shown)
  }
  return painted
}

/** For tests, and for lines that go to a file. */
export const plainText = (line: Line) => line.map(({ text }) => text).join('')
