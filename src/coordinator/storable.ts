/**
 * JSON that Postgres takes: its `jsonb` refuses the character 0 and halves of surrogate pairs, which JavaScript's strings
 * may hold and test output does. They become U+FFFD; everything else stays as it is.
 * @see https://www.postgresql.org/docs/current/datatype-json.html
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value)
  // JSON.stringify writes only these two as escapes of this form; whoever has neither pays nothing more.
  return /\\u(?:0000|d[89a-f])/.test(text) ? JSON.stringify(cleaned(value)) : text
}

export const storableText = (text: string) => text.toWellFormed().replaceAll('\0', '\u{fffd}')

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [storableText(key), cleaned(own)]))
}
