import type { ErrorPlace } from '../contracts/errors.ts'
import { isMapLike } from './schema-walk.ts'
import type { FieldError, Place } from './expressions/expression-error.ts'
import { type Path, pathText } from './fault.ts'
import type { LoadedDocument } from './load.ts'
import { originOf, STEP_LISTS } from './origins.ts'
import { pathOf } from './path-text.ts'
import { SCRIPT_PREFIX } from './plan.ts'
import { placeAsWritten } from './scalar-place.ts'

type Wrong = Pick<FieldError, 'text' | 'place'>

/**
 * Looks for a field of a step where it is written: in the step, and what containers have, in all that is around it.
 * What came by a template stands elsewhere: then the step's own place is given.
 * @param names what the field may be called in the step, the first where it is not found
 */
export function writtenField(
  documents: readonly LoadedDocument[],
  at: string,
  names: readonly string[],
  wrong: Wrong,
): ErrorPlace | undefined {
  const { document: index, path: step } = originOf(at)
  const loaded = documents[index]
  if (!loaded) return undefined
  const { document, faultAt } = loaded
  const found = firstFound(document, step, names.map(pathOf))
  const within = found && placeIn(found.value, wrong)
  const { file, line, column } = faultAt(found?.path ?? step, {
    message: '',
    ...(found ? {} : { part: 'key' as const }),
    ...(within ? { within } : {}),
  })
  // A variable that nobody has written stands for a `secret()` somewhere in the step.
  const shown = found?.shown ?? [...step, ...(names[0]?.includes('env.') ? [] : pathOf(names[0] ?? ''))]
  return { file, line, column, ...called(document, step, shown) }
}

/** `shell of "Tests": …`, behind FILE:LINE:COLUMN. */
export function fieldText({ file, line, column, field, step }: ErrorPlace, what: string): string {
  const name = step === undefined ? field : field === '' ? `"${step}"` : `${field} of "${step}"`
  return `${file}:${line}:${column}: ${name}: ${what}`
}

interface Found {
  path: Path
  /** As people name it: variables by their names. */
  shown: Path
  value: unknown
}

function firstFound(document: unknown, step: Path, fields: readonly Path[]): Found | undefined {
  for (const field of fields) {
    const own = follow(document, step, field)
    if (own) return own
  }
  for (const field of fields.filter(([first]) => first === 'container'))
    for (let length = step.length - 1; length > 0; length--) {
      const outer = follow(document, step.slice(0, length), field)
      if (outer) return outer
    }
  return undefined
}

/** Variables are a list of maps with names, and are named by these. */
function follow(document: unknown, base: Path, field: Path): Found | undefined {
  let at = document
  const path: (string | number)[] = []
  for (const part of [...base, ...field]) {
    const isVariable = Array.isArray(at) && typeof part === 'string' && path.at(-1) === 'env'
    const key = isVariable ? (at as { name?: unknown }[]).findLastIndex(({ name }) => name === part) : part
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string | number, unknown>)[key]
    path.push(key)
  }
  const isWhole = path.at(-2) === 'env' && isMapLike(at) && typeof at['value'] === 'string'
  if (isWhole) return { path: [...path, 'value'], shown: [...base, ...field], value: (at as { value: string }).value }
  return { path, shown: [...base, ...field], value: at }
}

/** In the text of the field as it is written, if that can be told. */
function placeIn(written: unknown, { text, place }: Wrong): Place | undefined {
  if (typeof written !== 'string' || text === undefined || !place) return undefined
  if (!text.startsWith(SCRIPT_PREFIX) || written.startsWith(SCRIPT_PREFIX)) return placeAsWritten(written, text, place)
  return placeAsWritten(written, text.slice(SCRIPT_PREFIX.length), { ...place, line: place.line - 1 })
}

/** From the innermost step that has a name; what stands outside of it is named in full. */
function called(document: unknown, step: Path, shown: Path): { field: string; step?: string } {
  for (let length = step.length; length > 1; length--) {
    const name = nameAt(document, step.slice(0, length))
    if (name === undefined) continue
    const isInside = step.slice(0, length).every((part, i) => shown[i] === part)
    return { field: pathText(isInside ? shown.slice(length) : shown), step: name }
  }
  return { field: pathText(shown) }
}

function nameAt(document: unknown, path: Path): string | undefined {
  const isStep = typeof path.at(-1) === 'number' && (STEP_LISTS as readonly unknown[]).includes(path.at(-2))
  const name = isStep ? (follow(document, path, ['name'])?.value ?? undefined) : undefined
  return typeof name === 'string' ? name : undefined
}
