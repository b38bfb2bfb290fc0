import { WorkflowDocument } from '../../contracts/workflow/document.ts'
import type { FaultAt, LoadedDocument } from '../load.ts'
import type { Path } from '../fault.ts'
import { isMapLike } from '../schema-walk.ts'
import type { Knowledge } from './check-names.ts'
import { type StepIds, stepIdsIn } from './step-ids.ts'
import { keysOf, outermost, type Placed, placedIn } from './surroundings.ts'

/** A document as it stands in its file, right or not. */
export interface Written {
  value: unknown
  wrong: readonly Path[]
  faultAt: FaultAt
  originOf(path: Path): Path
}

export const writtenOf = ({ document, faultAt, written }: LoadedDocument): Written =>
  written ?? { value: document, wrong: [], faultAt, originOf: (path) => path }

/** What all documents together have. */
export interface Survey {
  workflows: readonly { name: string; labels: Record<string, string> }[]
  templates: ReadonlyMap<string, Written>
  /** Steps of all: a template may be used in any of them. */
  ids: StepIds
  /** Claims of all templates. */
  claims: readonly string[]
  /** Documents that nobody can read may be any template and any workflow. */
  isWhole: boolean
}

export function surveyOf(loaded: readonly LoadedDocument[], isWhole: boolean): Survey {
  const workflows = loaded.filter(({ document }) => document.kind === 'Workflow')
  const templates = loaded.filter(({ document }) => document.kind === 'WorkflowTemplate')
  return {
    workflows: workflows.map(({ document: { metadata } }) => ({ name: metadata.name, labels: metadata.labels ?? {} })),
    templates: new Map(templates.map((each) => [each.document.metadata.name, writtenOf(each)])),
    ids: stepIdsIn(loaded.map((each) => writtenOf(each).value)),
    claims: templates.flatMap((each) => [...claimsIn(writtenOf(each).value)]),
    isWhole,
  }
}

/** All texts and maps of a document, each with what can be known there. */
export function* knowledgeIn(loaded: LoadedDocument, survey: Survey): Generator<{ placed: Placed; knowledge: Knowledge }> {
  const isTemplate = loaded.document.kind === 'WorkflowTemplate'
  const { value } = writtenOf(loaded)
  const placed = [...placedIn(WorkflowDocument, value, outermost(isTemplate), (name) => servicesOf(name, survey, []))]
  const isOpen = placed.some((each) => 'map' in each && each.kind === 'Uses' && !survey.templates.has(String(each.map['name'])))
  // Templates bring their steps and claims with them.
  const own = () => (isTemplate ? survey.ids : stepIdsIn([value, ...[...survey.templates.values()].map((each) => each.value)]))
  const ids = isOpen ? undefined : own()
  const claims = isOpen || isTemplate ? undefined : survey.claims
  for (const each of placed) yield { placed: each, knowledge: { around: each.around, ids, claims } }
}

function servicesOf(name: string, survey: Survey, chain: readonly string[]): readonly string[] | undefined {
  const found = survey.templates.get(name)?.value
  if (chain.includes(name)) return []
  if (!isMapLike(found) || !isMapLike(found['spec'])) return undefined
  const { services, use } = found['spec']
  const inner = (Array.isArray(use) ? use : []).map((each: unknown) =>
    servicesOf(String(isMapLike(each) ? each['name'] : ''), survey, [...chain, name]),
  )
  return inner.includes(undefined) ? undefined : [...keysOf(services), ...inner.flatMap((names) => names ?? [])]
}

function* claimsIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'pvcs') yield* keysOf(inner)
    yield* claimsIn(inner)
  }
}
