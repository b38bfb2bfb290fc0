import type { Place } from '../expressions/expression-error.ts'
import { namesHint, nearestName } from '../../system/known-names.ts'
import { FIRST_NAMES, knownName, type KnownName, namesOf } from './known-names.ts'
import { hasId, type StepIds } from './step-ids.ts'
import type { Around } from './surroundings.ts'

export interface Problem {
  message: string
  hint?: string
  severity?: 'error' | 'warning'
  within?: Place
}

/** What can be known at a place of a file. */
export interface Knowledge {
  around: Around
  /** Of all steps that there may be. Undefined: nobody can say. */
  ids: StepIds | undefined
  /** Claims that templates may bring. Undefined: nobody can say. */
  claims: readonly string[] | undefined
}

/** What is wrong with a dotted name; nothing is, if it may be known wherever this runs. */
export function nameProblem(names: readonly string[], knowledge: Knowledge): Problem | undefined {
  const [first = ''] = names
  if (first === '_') return { message: '"_" is known only in the text of map() and filter().' }
  if (names.length === 1 && knowledge.ids && hasId(knowledge.ids, first)) return doubledProblem(first, knowledge)
  const found = knownName(names)
  if (found) return placeProblem(found.known, found.own, names, knowledge)
  if (!FIRST_NAMES.includes(first)) return unknownFirst(names, knowledge)
  if (names.length === 1 && isId(first, knowledge)) return undefined
  const message = names.length === 1 ? `"${first}" is no value by itself.` : `There is no "${names.join('.')}".`
  return { message, hint: namesHint(names.join('.'), namesOf(first)) }
}

const isId = (id: string, { ids }: Knowledge) => !ids || hasId(ids, id)

/** Both names stand in the file, so neither is misspelt: nothing else tells that one of the steps cannot be meant. */
function doubledProblem(id: string, { around, ids }: Pick<Knowledge, 'around' | 'ids'>): Problem | undefined {
  if (around.isElsewhere || !ids?.doubled.has(id)) return undefined
  return {
    message: `Several steps have the name of which the id "${id}" is made; it is the first of them.`,
    hint: 'Give the one that is meant an `id`.',
    severity: 'warning',
  }
}

function unknownFirst(names: readonly string[], { around, ids }: Knowledge): Problem | undefined {
  const [first = ''] = names
  // Properties of whether a step has passed: there are none, whoever's step it is.
  const mayBeId = names.length === 1
  const nearest = nearestName(first, [...FIRST_NAMES, ...(mayBeId && ids ? ids.some : [])])
  // Of a template that is missing; one letter beside a name of the language is no step even then.
  if (mayBeId && !ids && nearest === undefined) return undefined
  return {
    message: `There is no name "${names.join('.')}".`,
    hint:
      habitHint(names, ids) ?? (nearest === undefined ? ALL_NAMES : `Did you mean "${[nearest, ...names.slice(1)].join('.')}"?`),
    ...(mayBeId && around.isElsewhere ? { severity: 'warning' } : {}),
  }
}

const ALL_NAMES = 'All names stand in docs/workflow-expressions.md.'

/** What people write who know other systems, or properties of a step that has none by its id alone. */
function habitHint([first = '', second, third]: readonly string[], ids: StepIds | undefined): string | undefined {
  if (second === undefined)
    return /^(?:yes|on)$/i.test(first) ? 'Write `always`.' : /^(?:no|off)$/i.test(first) ? 'Write `never`.' : undefined
  if (/^secrets?$/.test(first)) return `Write secret(${[second, third ?? '…'].map((each) => JSON.stringify(each)).join(', ')}).`
  if (/^(?:inputs|params|parameters|vars)$/.test(first)) return `Did you mean "config.${second}"?`
  if (!ids || !hasId(ids, first)) return undefined
  return /^(?:passed|success)$/.test(second)
    ? `Write \`${first}\`: it says whether the step has passed.`
    : `Write \`step.${first}.\` with status, exitCode, outputs or results behind it.`
}

function placeProblem(
  { name, where }: KnownName,
  own: readonly string[],
  names: readonly string[],
  { around, ids, claims }: Knowledge,
): Problem | undefined {
  const [given = ''] = own
  const shown = names.join('.')
  switch (name) {
    case 'config.<name>':
      return around.parameters.includes(given) ? undefined : noParameter(names.slice(1).join('.'), around.parameters)
    case 'pvcs.<name>.name':
      return lacking(given, claims && [...around.claims, ...claims], (hint) => ({
        message: `There is no claim "${given}" in \`pvcs\`.`,
        hint,
      }))
    case 'services.<name>':
      // A command may make one known that it has begun itself.
      return lacking(given, around.isElsewhere ? undefined : around.services, (hint) => ({
        message: `There is no service "${given}" around this.`,
        hint,
        severity: 'warning',
      }))
    case 'tarball.<name>.url':
      return lacking(given, around.isElsewhere ? (around.tarballs ?? undefined) : (around.tarballs ?? []), (hint) => ({
        message: `There is no archive "${given}" in \`tarball\` of the workflow that is executed.`,
        hint,
      }))
    case 'matrix.<name>':
    case 'shard.<name>':
      return listProblem(name.startsWith('matrix') ? 'matrix' : 'shards', given, shown, around)
  }
  if (name.startsWith('step.<id>')) return stepProblem(given, name, around, ids) ?? doubledProblem(given, { around, ids })
  if (where === 'worker' && !around.isWorker && !around.isElsewhere) return noWorker(shown)
  if (where === 'until' && !around.isUntil && !around.isElsewhere)
    return { message: `"${shown}" is known only in \`retry.until\`.`, hint: 'What has become of the steps before is `status`.' }
  return undefined
}

/** A parameter is known from the first or never, so on a side that may not count, too. */
function noParameter(given: string, parameters: readonly string[]): Problem {
  const hint = parameters.length > 0 ? namesHint(given.split('.')[0]!, parameters) : 'Declare it in `spec.config`.'
  return { message: `There is no parameter "${given}".`, hint, severity: 'error' }
}

function lacking(given: string, known: readonly string[] | undefined, problem: (hint: string) => Problem): Problem | undefined {
  if (!known || known.includes(given)) return undefined
  return problem(known.length > 0 ? namesHint(given, [...new Set(known)]) : 'There are none here.')
}

const MOST_IDS = 10

function stepProblem(id: string, name: string, { isElsewhere }: Around, ids: StepIds | undefined): Problem | undefined {
  if (!ids || hasId(ids, id)) return undefined
  // A folder has every step that anybody names, though nothing may be in it.
  const isWarning = isElsewhere || name === 'step.<id>.results'
  const hint = ids.known.size > 0 ? namesHint(id, [...ids.known], MOST_IDS) : 'Give a step this `id`.'
  return { message: `There is no step with the id "${id}".`, hint, ...(isWarning ? { severity: 'warning' } : {}) }
}

function listProblem(field: 'matrix' | 'shards', given: string, shown: string, around: Around): Problem | undefined {
  const known = [...new Set(around[field])]
  if (around.isElsewhere || known.includes(given)) return undefined
  if (!around.isWorker) return noWorker(shown)
  const hint = known.length > 0 ? namesHint(given, known) : `Nothing around this has \`${field}\`.`
  return { message: `There is no list "${given}" in \`${field}\` around this.`, hint }
}

const noWorker = (shown: string): Problem => ({
  message: `"${shown}" is known only in workers of \`parallel\`, instances of services and executions of \`execute\`.`,
})
