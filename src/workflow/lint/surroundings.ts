import type { z } from 'zod'
import { strategyShape } from '../../contracts/workflow/strategy.ts'
import type { Path } from '../fault.ts'
import { childOf, fitting, isMapLike, roleOf, schemaId, type TextField, textFields } from '../schema-walk.ts'

/** What is known by names at one place of a file, as far as it depends on the place. */
export interface Around {
  /** It is put in elsewhere: names of workers, services and steps may be those of whoever uses it. */
  isElsewhere: boolean
  /** In a worker, an instance or an execution. */
  isWorker: boolean
  isUntil: boolean
  parameters: readonly string[]
  matrix: readonly string[]
  shards: readonly string[]
  /** Undefined: not in `execute`. */
  tarballs: readonly string[] | undefined
  /** Undefined: nobody can say, for a template is not known. */
  services: readonly string[] | undefined
  /** Those of templates come on top. */
  claims: readonly string[]
}

export type Placed =
  | { text: TextField; around: Around }
  | { map: Record<string, unknown>; kind: PlacedKind; path: Path; around: Around }
export type PlacedKind = (typeof KINDS)[number]

const KINDS = ['Parallel', 'Service', 'ExecuteWorkflow', 'Uses', 'Parameter', 'Step'] as const
/** What has workers or instances of its own. */
const OWN_PLACES: readonly string[] = ['Parallel', 'Service', 'ExecuteWorkflow']
const STRATEGY = Object.keys(strategyShape)
/** Fields of `parallel` about its workers that are not theirs: who begins them reads these. */
const ABOUT_WORKERS: readonly string[] = ['description', 'logs', 'parallelism', 'transfer', 'fetch']

/** The services that a template brings; undefined: not known. */
export type ServicesOfTemplate = (name: string) => readonly string[] | undefined

export const outermost = (isTemplate: boolean): Around => ({
  isElsewhere: isTemplate,
  isWorker: false,
  isUntil: false,
  parameters: [],
  matrix: [],
  shards: [],
  tarballs: undefined,
  services: [],
  claims: [],
})

/** All texts of a document, and all maps of some kinds, with what is known there; also of one that is wrong in places. */
export function* placedIn(
  schema: z.ZodType,
  value: unknown,
  around: Around,
  servicesOf: ServicesOfTemplate,
  path: Path = [],
): Generator<Placed> {
  if (typeof value !== 'object' || value === null || roleOf(schema, value) !== 'include') {
    for (const text of textFields(schema, value, path)) yield { text, around }
    return
  }
  const id = schemaId(fitting(schema, value)) ?? ''
  const kind = KINDS.find((known) => known === id)
  if (kind && isMapLike(value)) yield { map: value, kind, path, around }
  const inside = isMapLike(value) ? entering(id, value, around, servicesOf) : around
  for (const [name, inner] of Object.entries(value)) {
    const key = Array.isArray(value) ? Number(name) : name
    const child = childOf(schema, key, value)
    const at = fieldOf(id, name, around, inside)
    if (child) yield* placedIn(child, inner, name === 'until' ? { ...at, isUntil: true } : at, servicesOf, [...path, key])
  }
}

function fieldOf(id: string, field: string, around: Around, inside: Around): Around {
  if (!OWN_PLACES.includes(id)) return inside
  // How many workers there are is said from outside.
  if (STRATEGY.includes(field)) return { ...around, parameters: inside.parameters }
  return ABOUT_WORKERS.includes(field) ? { ...inside, claims: [...around.claims, ...inside.claims] } : inside
}

function entering(id: string, value: Record<string, unknown>, around: Around, servicesOf: ServicesOfTemplate): Around {
  const { config, matrix, shards, tarball, pvcs } = value
  const hasParameters = id === 'WorkflowSpec' || id === 'Parallel'
  const isWorker = OWN_PLACES.includes(id)
  return {
    ...around,
    // A default is put in wherever somebody reads it.
    isElsewhere: around.isElsewhere || id === 'Parameter',
    isWorker: around.isWorker || isWorker,
    parameters: hasParameters ? [...around.parameters, ...keysOf(config)] : around.parameters,
    matrix: isWorker ? [...around.matrix, ...keysOf(matrix)] : around.matrix,
    shards: isWorker ? [...around.shards, ...keysOf(shards)] : around.shards,
    tarballs: id === 'ExecuteWorkflow' ? keysOf(tarball) : around.tarballs,
    claims: hasParameters ? keysOf(pvcs) : [...around.claims, ...keysOf(id === 'Service' ? pvcs : undefined)],
    services: hasParameters || id === 'Step' ? withServices(value, around, servicesOf) : around.services,
  }
}

function withServices({ services, use }: Record<string, unknown>, around: Around, servicesOf: ServicesOfTemplate) {
  const used = (Array.isArray(use) ? use : []).map((each: unknown) => servicesOf(String(isMapLike(each) ? each['name'] : '')))
  if (!around.services || used.includes(undefined)) return undefined
  return [...around.services, ...keysOf(services), ...used.flatMap((names) => names ?? [])]
}

export const keysOf = (value: unknown): string[] => (isMapLike(value) ? Object.keys(value) : [])
