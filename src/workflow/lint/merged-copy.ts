import type { z } from 'zod'
import { WorkflowDocument, type WorkflowSpec } from '../../contracts/workflow/document.ts'
import { type Path, pathText } from '../fault.ts'
import type { LoadedDocument } from '../load.ts'
import { AT, markOf } from '../origins.ts'
import { childOf, fitting, roleOf, schemaId } from '../schema-walk.ts'
import { writtenOf } from './survey.ts'

/** The name of a template that has nothing: it stands for one that there is not. */
export const NOTHING = '\0nothing'

export interface MergedCopy {
  spec: WorkflowSpec
  /** A template that it uses is not known. */
  isOpen: boolean
}

/**
 * A spec that can be merged whatever is wrong in it: texts of which something is told are empty, templates that there are not have
 * nothing. Its steps say where they are from, through templates and workers.
 * @param told by pathText: texts of which something is wrong
 */
export function mergedCopy(
  loaded: LoadedDocument,
  at: number,
  told: ReadonlySet<string>,
  isTemplate: (name: string) => boolean,
): MergedCopy {
  const { originOf } = writtenOf(loaded)
  let isOpen = false
  const copied = (schema: z.ZodType, value: unknown, path: Path): unknown => {
    if (typeof value === 'string' && told.has(pathText(originOf(path))))
      return roleOf(schema, value) === 'expression' ? 'null' : ''
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((item, i) => copied(childOf(schema, i, value) ?? schema, item, [...path, i]))
    const id = schemaId(fitting(schema, value))
    if (id === 'Uses' && !isTemplate((value as { name: string }).name)) {
      isOpen = true
      return { name: NOTHING }
    }
    const entries = Object.entries(value).map(([key, inner]) => [
      key,
      copied(childOf(schema, key, value) ?? schema, inner, [...path, key]),
    ])
    const isPlaced = id === 'Step' || id === 'Parallel'
    return { ...Object.fromEntries(entries), ...(isPlaced ? { [AT]: markOf(at, originOf(path)) } : {}) }
  }
  const { spec } = copied(WorkflowDocument, loaded.document, []) as WorkflowDocument
  return { spec, isOpen }
}
