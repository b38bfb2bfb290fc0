import { idOfName } from '../compile.ts'
import { isMapLike } from '../schema-walk.ts'

/** Ids of steps, as far as a file says them. */
export interface StepIds {
  known: ReadonlySet<string>
  /** Some of them, for hints: nobody reads more, and each is compared. */
  some: readonly string[]
  /** Of names with expressions in them, which are other ids each time. */
  patterns: readonly RegExp[]
  /** Of names that several steps have: they mean the first of them. */
  doubled: ReadonlySet<string>
}

const MOST_SHOWN = 30

/** Those that are written, and those that are made of names, wherever the steps stand; never fewer than there are. */
export function stepIdsIn(values: readonly unknown[]): StepIds {
  const known = new Set<string>()
  const patterns: RegExp[] = []
  for (const step of values.flatMap((value) => [...mapsIn(value)])) {
    const { id, name } = step
    // One that is given takes the place of that of the name.
    if (typeof id === 'string') known.add(id)
    if (typeof id === 'string' || typeof name !== 'string') continue
    if (name.includes('{{')) patterns.push(patternOf(name))
    else known.add(idOfName(name))
  }
  known.delete('')
  return { known, some: [...known].slice(0, MOST_SHOWN), patterns, doubled: doubledIn(values) }
}

/** Workers have ids of their own: what is made of names in two of them may mean either, and is none of these. */
function doubledIn(values: readonly unknown[]): ReadonlySet<string> {
  const units = values.flatMap(unitsIn)
  const written = new Set(units.flat().map(({ id }) => id))
  const made = units.flatMap((steps) => [...Map.groupBy(steps.filter(isNamed), ({ name }) => idOfName(name))])
  const unitsOf = Map.groupBy(made, ([id]) => id)
  const isDoubled = ([id, steps]: (typeof made)[number]) =>
    id !== '' && steps.length > 1 && !written.has(id) && unitsOf.get(id)!.length === 1
  return new Set(made.filter(isDoubled).map(([id]) => id))
}

const isNamed = (step: Record<string, unknown>): step is Record<string, unknown> & { name: string } =>
  step['id'] === undefined && typeof step['name'] === 'string' && !step['name'].includes('{{')

/** The steps of a workflow, and apart from them those of its workers. */
function unitsIn(value: unknown): Record<string, unknown>[][] {
  const own: Record<string, unknown>[] = []
  const units = [own]
  const visit = (at: unknown): void => {
    if (Array.isArray(at)) return at.forEach(visit)
    if (!isMapLike(at)) return
    own.push(at)
    for (const name of ['spec', 'setup', 'steps', 'after']) visit(at[name])
    if (isMapLike(at['parallel'])) units.push(...unitsIn(at['parallel']))
  }
  visit(value)
  return units
}

export const hasId = ({ known, patterns }: StepIds, id: string) => known.has(id) || patterns.some((pattern) => pattern.test(id))

/** From the first expression to the last: anything. */
function patternOf(name: string): RegExp {
  const [before = '', after = ''] = name.split(/\{\{[^]*\}\}/).map((text) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '_'))
  // What an id begins with is never `_`, and the expression may be empty.
  const begin = before.replace(/^_+/, '')
  return new RegExp(`^${begin}[a-z0-9_]*${begin === '' ? after.replace(/^_+/, '') : after}$`)
}

function* mapsIn(value: unknown): Generator<Record<string, unknown>> {
  if (Array.isArray(value)) for (const item of value) yield* mapsIn(item)
  if (!isMapLike(value)) return
  yield value
  for (const name of ['spec', 'setup', 'steps', 'after', 'parallel']) yield* mapsIn(value[name])
}
