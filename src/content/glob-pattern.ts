import { expandBraces } from './glob-braces.ts'
import { fitsSegment, type GlobSegment, parseSegment } from './glob-segment.ts'

/** Patterns while a path is walked name by name: for each, which of its segments may come next. */
export interface GlobState {
  readonly patterns: readonly (readonly GlobSegment[])[]
  readonly places: readonly (readonly number[])[]
  readonly hidden: boolean
}

/**
 * The state before the first name. A path that begins with a slash has an empty first name.
 * @param base where relative patterns begin; whatever stands in it, it is no pattern
 */
export function beginGlob(patterns: readonly string[], base: string | undefined, hidden: boolean): GlobState {
  const compiled = patterns.flatMap(expandBraces).map((pattern) => compile(pattern, base))
  return { patterns: compiled, places: compiled.map((segments) => closure(segments, [0])), hidden }
}

/** @param isNamed only where the pattern has this very name: how links to folders are passed */
export function stepGlob(state: GlobState, name: string, isNamed = false): GlobState {
  const places = state.patterns.map((segments, i) => {
    const next: number[] = []
    for (const place of state.places[i]!) {
      const segment = segments[place]
      if (!segment || (isNamed && segment.kind !== 'literal') || !fitsSegment(segment, name, state.hidden)) continue
      next.push(segment.kind === 'folders' ? place : place + 1)
    }
    return next.length === 0 ? next : closure(segments, next)
  })
  return { ...state, places }
}

/** Whether the names so far are a whole match. */
export const isWhole = ({ patterns, places }: GlobState) => patterns.some((segments, i) => places[i]!.includes(segments.length))

/** Whether something below may match. */
export const mayGoOn = ({ patterns, places }: GlobState) =>
  patterns.some((segments, i) => places[i]!.some((place) => place < segments.length))

/** The names in front of each pattern's first wild one, without its last: the folder in which the search begins. */
export const literalFolders = ({ patterns }: GlobState): string[][] =>
  patterns.map((segments) => {
    const wild = segments.findIndex(({ kind }) => kind !== 'literal')
    const end = wild === -1 ? segments.length - 1 : wild
    return segments.slice(0, end).map((segment) => (segment as { text: string }).text)
  })

function compile(pattern: string, base: string | undefined): GlobSegment[] {
  // As Node's glob does it on all systems.
  const slashed = pattern.replaceAll('\\', '/')
  const isAbsolute = slashed.startsWith('/')
  const segments: GlobSegment[] = isAbsolute ? [literal('')] : (base?.split('/') ?? []).map(literal)
  for (const text of slashed.split('/')) {
    if (text === '' || text === '.') continue
    if (text === '..' && segments.length > 0) segments.pop()
    else if (segments.at(-1)?.kind !== 'folders' || text !== '**') segments.push(parseSegment(text))
  }
  // The folder itself is not among what is in it; and a slash at the end means folders, which are no files.
  if (segments.at(-1)?.kind === 'folders') segments.push(parseSegment('*'))
  if (slashed.endsWith('/')) segments.push(literal(''))
  return segments
}

const literal = (text: string): GlobSegment => ({ kind: 'literal', text })

function closure(segments: readonly GlobSegment[], places: readonly number[]): number[] {
  const all = new Set(places)
  // A set is read to its end, also what is added meanwhile.
  for (const place of all) if (segments[place]?.kind === 'folders') all.add(place + 1)
  return [...all]
}
