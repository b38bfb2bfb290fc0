/** What stands in a recording for what must not. */
export const REDACTED = 'REDACTED'

/** Names of headers, of parts of a query and of fields of JSON whose values are secrets. */
const SECRET_NAME =
  /^(?:authorization|proxy-authorization|cookie|set-cookie)$|(?:^|[-_.])(?:token|secret|password|passwd|session|credential|signature|jwt)s?(?:$|[-_.])|api[-_]?key|private[-_]?key|(?:access|refresh|id|auth|csrf)[-_]?token|client[-_]?secret/i
/** Shorter ones would be found in words that are none. */
const VALUE_MIN_CHARS = 6

export interface Redaction {
  /** More names, beside the usual ones. */
  names?: readonly (string | RegExp)[]
  /** Values that are secret wherever they stand. */
  values?: readonly string[]
}

export interface Redactor {
  header(name: string, value: string): string
  url(url: string): string
  /** @param type its media type: fields of JSON and of forms are looked at by name */
  body(text: string, type: string): string
}

export function redactor({ names = [], values = [] }: Redaction): Redactor {
  /** What was secret by its name once is secret wherever it comes again: servers repeat what they were told. */
  const secrets = new Set(values.filter((value) => value.length >= VALUE_MIN_CHARS))
  const isSecret = (name: string) =>
    SECRET_NAME.test(name) ||
    names.some((one) => (typeof one === 'string' ? one.toLowerCase() === name.toLowerCase() : one.test(name)))

  function withoutValues(text: string): string {
    let kept = text
    for (const secret of secrets) kept = kept.replaceAll(secret, REDACTED)
    return kept
  }

  function named(name: string, value: string): string {
    if (!isSecret(name)) return withoutValues(value)
    // `Bearer …` and `Basic …`: the word before it is no secret.
    const bare = value.replace(/^\w+ /, '')
    if (bare.length >= VALUE_MIN_CHARS && !/cookie$/i.test(name)) secrets.add(bare)
    return REDACTED
  }

  function fields(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(fields)
    if (typeof value === 'string') return withoutValues(value)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value as Record<string, unknown>)
    return Object.fromEntries(
      entries.map(([name, inner]) => [
        name,
        isSecret(name) ? named(name, typeof inner === 'string' ? inner : '') : fields(inner),
      ]),
    )
  }

  const form = (query: URLSearchParams) =>
    new URLSearchParams([...query].map(([name, value]): [string, string] => [name, named(name, value)])).toString()

  return {
    header: named,
    url(text) {
      const url = new URL(text)
      if (url.password) url.password = REDACTED
      if (url.search) url.search = form(url.searchParams)
      return withoutValues(url.href)
    },
    body(text, type) {
      if (/\bjson\b/i.test(type)) {
        try {
          return JSON.stringify(fields(JSON.parse(text)))
        } catch {
          // Cut off, or not what it says: as text.
        }
      }
      if (/x-www-form-urlencoded/i.test(type)) return form(new URLSearchParams(text))
      return withoutValues(text)
    },
  }
}
