import type { WorkflowDocument, WorkflowSpec } from '../contracts/workflow/document.ts'
import { FieldError } from './expressions/expression-error.ts'
import { type Path, pathText } from './fault.ts'
import { pathOf } from './path-text.ts'

/**
 * A hidden field of steps, workflows and workers: where they are written. It is data, so that it goes wherever they go: templates
 * merge them, stages copy them. No document can have a field of this name.
 */
export const AT = '\0at'

export interface Written {
  readonly [AT]?: string
}

/** Where a step is written: the number of the document among all that are known, and the path in it. */
export interface Origin {
  document: number
  path: Path
}

type Lists = { setup?: readonly object[]; steps?: readonly object[]; after?: readonly object[]; parallel?: object }

/** A document's spec in which all steps know where they are written. Pure. */
export const withOrigins = ({ spec }: WorkflowDocument, document: number): WorkflowSpec & Written =>
  placed(spec as Lists, document, ['spec']) as WorkflowSpec & Written

/** The value of such a field. */
export const markOf = (document: number, path: Path): string => JSON.stringify([document, ...path])

export const STEP_LISTS = ['setup', 'steps', 'after'] as const

function placed(value: Lists, document: number, path: Path): object {
  const copy: Record<string, unknown> = { ...value, [AT]: markOf(document, path) }
  for (const name of STEP_LISTS)
    if (value[name]) copy[name] = value[name].map((step, i) => placed(step, document, [...path, name, i]))
  if (value.parallel) copy['parallel'] = placed(value.parallel, document, [...path, 'parallel'])
  return copy
}

export function originOf(at: string): Origin {
  const [document, ...path] = JSON.parse(at) as [number, ...(string | number)[]]
  return { document, path }
}

/** Errors of an act, which names fields of a spec, as those of the steps in it: by now these may stand elsewhere than they are written. */
export function inSpec<T>(spec: object, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof FieldError && error.origin === undefined ? ofStepIn(spec, error) : error
  }
}

function ofStepIn(spec: object, error: FieldError): FieldError {
  const found = innermost(spec, pathOf(error.path ?? ''))
  return found ? error.ofStep(found.at, pathText(found.rest)) : error
}

/** Where something of a spec is written; undefined: nothing around it knows. */
export function writtenAt(spec: object, path: Path): Origin | undefined {
  const found = innermost(spec, path)
  if (!found) return undefined
  const { document, path: begin } = originOf(found.at)
  return { document, path: [...begin, ...found.rest] }
}

/** The mark next to a place, going outwards, and the rest of the way from there. */
function innermost(spec: object, path: Path): { at: string; rest: Path } | undefined {
  let value: unknown = spec
  let found = marked(value, path)
  for (const [i, part] of path.entries()) {
    value = (value as Record<string | number, unknown> | undefined)?.[part]
    found = marked(value, path.slice(i + 1)) ?? found
  }
  return found
}

function marked(value: unknown, rest: Path) {
  const at = (value as Written | undefined)?.[AT]
  return at === undefined ? undefined : { at, rest }
}
