import { expandBraces } from './glob-braces.ts'
import { fitsSegment, type GlobSegment, parseSegment } from './glob-segment.ts'

/** Patterns while a path is walked name by name: those that may still match, and which of their segments may come next. */
export interface GlobState {
  readonly live: readonly LivePattern[]
  readonly hidden: boolean
}

interface LivePattern {
  readonly segments: readonly GlobSegment[]
  readonly places: readonly number[]
}

/**
 * The state before the first name. A path that begins with a slash has an empty first name.
 * @param base where relative patterns begin; whatever stands in it, it is no pattern
 */
export function beginGlob(patterns: readonly string[], base: string | undefined, hidden: boolean): GlobState {
  const compiled = patterns.flatMap(expandBraces).map((pattern) => compile(pattern, base))
  return { live: compiled.map((segments) => ({ segments, places: closure(segments, [0]) })), hidden }
}

/** @param isNamed only where the pattern has this very name: how links to folders are passed */
export function stepGlob({ live, hidden }: GlobState, name: string, isNamed = false): GlobState {
  const next: LivePattern[] = []
  for (const { segments, places } of live) {
    const reached = reachedBy(segments, places, name, hidden, isNamed)
    // Of a thousand patterns few live past the first name.
    if (reached.length > 0) next.push({ segments, places: closure(segments, reached) })
  }
  return { live: next, hidden }
}

function reachedBy(
  segments: readonly GlobSegment[],
  places: readonly number[],
  name: string,
  hidden: boolean,
  isNamed: boolean,
): number[] {
  const reached: number[] = []
  for (const place of places) {
    const segment = segments[place]
    if (!segment || (isNamed && segment.kind !== 'literal') || !fitsSegment(segment, name, hidden)) continue
    reached.push(segment.kind === 'folders' ? place : place + 1)
  }
  return reached
}

/** Whether the names so far are a whole match. */
export const isWhole = ({ live }: GlobState) => live.some(({ segments, places }) => places.includes(segments.length))

/** Whether something below may match. */
export const mayGoOn = ({ live }: GlobState) =>
  live.some(({ segments, places }) => places.some((place) => place < segments.length))

/** The names in front of each pattern's first wild one, without its last: the folder in which the search begins. */
export const literalFolders = ({ live }: GlobState): string[][] =>
  live.map(({ segments }) => {
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
