import { readFileSync, statSync } from 'node:fs'
import { EverwarmError } from '../contracts/errors.ts'
import { WorkflowDocument } from '../contracts/workflow/document.ts'
import { type Fault, type Path, pathText, refuseFaults } from './fault.ts'
import type { Place } from './expressions/expression-error.ts'
import { offsetWithin } from './scalar-place.ts'
import { schemaFaults, valueAt } from './schema-faults.ts'
import { MOST_BYTES, readYaml } from './yaml.ts'

/** A document that has the right shape, and where each of its fields stands. */
export interface LoadedDocument {
  file: string
  document: WorkflowDocument
  /** A fault about one of its fields, or, with `within`, about a place in its text. */
  faultAt(path: Path, about: FaultAbout): Fault
}

export interface FaultAbout {
  message: string
  hint?: string
  severity?: Fault['severity']
  part?: 'key' | 'value'
  within?: Place
}

export interface LoadedFile {
  documents: LoadedDocument[]
  faults: Fault[]
}

/**
 * Reads all documents of a text. Never throws for what stands in it: all that is wrong is in `faults`.
 * @param file its name, for people
 */
export function loadText(text: string, file: string): LoadedFile {
  const read = readYaml(text)
  const loaded: LoadedFile = { documents: [], faults: [] }
  const placeOf = (offset: number, within: Place | undefined) => (within ? offsetWithin(text, offset, within) : offset)
  for (const yaml of read.documents) {
    const at = (offset: number) => ({ file, ...read.place(offset) })
    if (yaml.faults.length > 0) {
      loaded.faults.push(
        ...yaml.faults.map(({ offset, ...about }) => ({ ...at(offset), path: '', severity: 'error' as const, ...about })),
      )
      continue
    }
    const faultAt: LoadedDocument['faultAt'] = (path, { part = 'value', severity = 'error', within, ...about }) => ({
      ...at(placeOf(yaml.offsetOf(path, part), within && typeof valueAt(yaml.value, path) === 'string' ? within : undefined)),
      path: pathText(path),
      severity,
      ...about,
    })
    const parsed = WorkflowDocument.safeParse(yaml.value)
    if (parsed.success) loaded.documents.push({ file, document: parsed.data, faultAt })
    else {
      const found = schemaFaults(WorkflowDocument, yaml.value, parsed.error)
      loaded.faults.push(...found.map(({ path, ...about }) => faultAt(path, about)))
    }
  }
  if (read.documents.length === 0) loaded.faults.push(empty(file))
  return { ...loaded, faults: inOrder(loaded.faults) }
}

const empty = (file: string): Fault => ({
  file,
  line: 1,
  column: 1,
  path: '',
  message: 'There is no document in it.',
  hint: 'A workflow has `kind: Workflow`, `metadata` and `spec`.',
  severity: 'error',
})

const inOrder = (faults: Fault[]) => faults.sort((a, b) => a.line - b.line || a.column - b.column)

/** @throws EverwarmError BAD_INPUT if it cannot be read */
export const loadFile = (path: string): LoadedFile => loadText(readText(path), path)

/**
 * Several files as one: templates of one serve workflows of another.
 * @throws WorkflowInvalid with all that is wrong in all of them
 */
export function loadFiles(paths: readonly string[]): LoadedDocument[] {
  const files = paths.map(loadFile)
  refuseFaults(files.flatMap(({ faults }) => faults))
  return files.flatMap(({ documents }) => documents)
}

/** @param hint where to look @throws EverwarmError BAD_INPUT */
export function readText(path: string, hint = 'Give the path of a workflow from here.'): string {
  try {
    const found = statSync(path)
    // A device never ends.
    if (found.isCharacterDevice() || found.isBlockDevice())
      throw Object.assign(new Error('It is a device.'), { code: 'a device' })
    // One byte more than there may be is enough to say so.
    if (found.size > MOST_BYTES) return ' '.repeat(MOST_BYTES + 1)
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new EverwarmError('BAD_INPUT', {
      message: `${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
      hint,
      cause,
    })
  }
}
