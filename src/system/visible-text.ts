// What moves a cursor, rings, colours, begins a line, or (bidi) turns what stands beside it.
// oxlint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escape = (character: string) => NAMED[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A text of others as one line of a terminal: what cannot be seen is shown as an escape, such as `\u001b`. */
export const visibleLine = (text: string): string => text.replace(UNSEEN, escape)

/** The same with its lines and tabs. */
export const visibleText = (text: string): string =>
  text.replace(UNSEEN, (character) => (character === '\n' || character === '\t' ? character : escape(character)))

/** All texts and names of data, each as one line. @param manyLined names of fields whose texts keep their lines */
export function visibleData<T>(data: T, manyLined: readonly string[] = []): T {
  const visit = (value: unknown, name?: string): unknown => {
    if (typeof value === 'string') return name !== undefined && manyLined.includes(name) ? visibleText(value) : visibleLine(value)
    if (Array.isArray(value)) return value.map((item) => visit(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [visibleLine(key), visit(inner, key)]))
  }
  return visit(data) as T
}
