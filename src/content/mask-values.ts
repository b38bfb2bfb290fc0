import type { Masks } from './masks.ts'

/**
 * A copy in which all texts are masked, however deep; names of fields stay.
 * @param except fields that stay as they are, wherever they are
 */
export function maskValues<T>(value: T, masks: Pick<Masks, 'text'>, except: readonly string[] = []): T {
  const hide = (each: unknown): unknown => {
    if (typeof each === 'string') return masks.text(each)
    if (Array.isArray(each)) return each.map(hide)
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([name, inner]) => [name, except.includes(name) ? inner : hide(inner)]))
  }
  return hide(value) as T
}
