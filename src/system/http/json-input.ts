import { BadInput } from './bad-input.ts'

/** What Postgres keeps neither in text nor in JSON: NUL, and halves of surrogate pairs. Escapes are the only way in. */
const UNSTORABLE_ESCAPE = /\\u(?:0000|[dD][89a-fA-F])/
const MOST_ITEMS = 200_000
const MOST_STRINGS = 10_000
const MOST_KEYS = 10_000
const MOST_OTHERS = 10_000

/** `refuse`: text that cannot be stored is an error. `clean`: it becomes U+FFFD, for what must not be lost for its sake. */
export type UnstorableText = 'refuse' | 'clean'

/**
 * @returns the value of a JSON text, whose strings can be stored and whose lists have bounds
 * @throws BadInput
 */
export function readJson(text: string, unstorable: UnstorableText, longLists: readonly string[] = []): unknown {
  const value = parse(text)
  refuseEndless(value, longLists)
  return UNSTORABLE_ESCAPE.test(text) ? storable(value, unstorable) : value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BadInput([{ path: '', message: `The body is not JSON: ${(error as Error).message}` }])
  }
}

/** Whether Postgres can keep it. */
export const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed()

/**
 * zod notes an issue for each element that is wrong: a few megabytes of them would become gigabytes. So lists have bounds
 * before they reach a schema, far above what the contracts allow: 200,000 items, 10,000 strings unless the list's name is
 * one of `longLists`, and 10,000 numbers and such in all.
 */
function refuseEndless(root: unknown, longLists: readonly string[]): void {
  let others = 0
  walk(root, (value, path) => {
    if (Array.isArray(value)) {
      const strings = value.length > MOST_STRINGS && !longLists.includes(path()) && value.some((item) => typeof item === 'string')
      others += value.length > 0 && !isTextOrObject(value[0]) ? value.length : countOthers(value)
      if (strings || value.length > MOST_ITEMS || others > MOST_OTHERS)
        throw new BadInput([{ path: path(), message: `Too many items: ${value.length}.` }])
    } else if (Object.keys(value).length > MOST_KEYS)
      throw new BadInput([{ path: path(), message: `Too many fields: ${Object.keys(value).length}.` }])
  })
}

const isTextOrObject = (value: unknown) => typeof value === 'string' || (typeof value === 'object' && value !== null)

function countOthers(list: readonly unknown[]): number {
  let others = 0
  for (const item of list) if (!isTextOrObject(item)) others++
  return others
}

/** In place: the value was made by `JSON.parse` a moment ago. */
function storable(root: unknown, unstorable: UnstorableText): unknown {
  const mend = (text: string, path: () => string) => {
    if (isStorable(text)) return text
    if (unstorable === 'refuse')
      throw new BadInput([{ path: path(), message: 'Text with NUL or half a surrogate pair cannot be kept.' }])
    return cleanText(text)
  }
  if (typeof root === 'string') return mend(root, () => '')
  walk(root, (value, path) => {
    const fields = value as Record<string, unknown>
    for (const [key, item] of Object.entries(fields)) {
      if (!isStorable(key))
        throw new BadInput([{ path: path(), message: 'The name of a field with NUL or half a surrogate pair.' }])
      if (typeof item === 'string') fields[key] = mend(item, () => join(path(), key))
    }
  })
  return root
}

/** With U+FFFD for what cannot be stored. */
export const cleanText = (text: string) => text.replaceAll('\0', '\u{FFFD}').toWellFormed()

/** Visits objects and lists without recursion: a body may nest as deep as it likes. */
function walk(root: unknown, visit: (value: object, path: () => string) => void): void {
  interface Place {
    value: object
    key: string
    parent: Place | undefined
  }
  const waiting: Place[] = []
  const add = (value: unknown, key: string, parent?: Place) => {
    if (typeof value === 'object' && value !== null) waiting.push({ value, key, parent })
  }
  add(root, '')
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    const here = place
    visit(here.value, () => pathOf(here))
    if (Array.isArray(here.value)) for (let at = 0; at < here.value.length; at++) add(here.value[at], String(at), here)
    else for (const key of Object.keys(here.value)) add((here.value as Record<string, unknown>)[key], key, here)
  }
}

function pathOf(place: { key: string; parent: unknown } | undefined): string {
  const keys: string[] = []
  for (let at = place; at?.parent && keys.length < 32; at = at.parent as typeof place) keys.unshift(at!.key)
  return keys.join('.')
}

const join = (path: string, key: string) => (path ? `${path}.${key}` : key)
