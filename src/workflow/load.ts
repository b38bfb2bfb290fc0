import { readFileSync, statSync } from 'node:fs'
import { EverwarmError } from '../contracts/errors.ts'
import { WorkflowDocument } from '../contracts/workflow/document.ts'
import { type Fault, inOrder, type Path, pathText, refuseFaults } from './fault.ts'
import type { Place } from './expressions/expression-error.ts'
import { testkubeKind } from './import/testkube-kind.ts'
import { prunedDocument } from './lint/pruned-document.ts'
import { offsetWithin } from './scalar-place.ts'
import { schemaFaults, valueAt } from './schema-faults.ts'
import { MOST_BYTES, readYaml, type YamlDocument } from './yaml.ts'

export interface FaultAbout {
  message: string
  hint?: string
  severity?: Fault['severity']
  part?: 'key' | 'value'
  /** In the text of the field. */
  within?: Place
}
export type FaultAt = (path: Path, about: FaultAbout) => Fault

/** A document that has the right shape, and where each of its fields stands. */
export interface LoadedDocument {
  file: string
  document: WorkflowDocument
  /** A fault about one of its fields. */
  faultAt: FaultAt
  /** As it stands in the file, where that is another value: something is wrong in it, and `document` has no more than the rest. */
  written?: WrittenDocument
}

/** A document of which something is wrong already. */
export interface WrittenDocument {
  value: unknown
  /** Fields of which that is told. */
  wrong: readonly Path[]
  faultAt: FaultAt
  /** Where something of `document` stands in `value`. */
  originOf(path: Path): Path
}

export interface LoadedFile {
  file: string
  /** Those of which nothing is wrong so far. */
  documents: LoadedDocument[]
  /** What is left of others. */
  partial: LoadedDocument[]
  faults: Fault[]
  /** Something in it has no kind or no name, or could not be read: it may be what others mean. */
  isUnknown: boolean
}

/** Of one file; more than people read. */
const MOST_FAULTS = 200

/**
 * Reads all documents of a text. Never throws for what stands in it: all that is wrong is in `faults`.
 * @param file its name, for people
 */
export function loadText(text: string, file: string): LoadedFile {
  const read = readYaml(text)
  const loaded: LoadedFile = { file, documents: [], partial: [], faults: [], isUnknown: false }
  for (const yaml of read.documents) {
    const at = (offset: number) => ({ file, ...read.place(offset) })
    const own = yaml.faults.map(({ offset, field: _, ...about }): Fault => ({
      ...at(offset),
      path: '',
      severity: 'error',
      ...about,
    }))
    loaded.faults.push(...own)
    if (yaml.faults.some(({ field }) => field === undefined)) loaded.isUnknown = true
    else addDocument(loaded, yaml, at, text)
  }
  if (read.documents.length === 0) loaded.faults.push(empty(file))
  return { ...loaded, faults: inOrder(loaded.faults).slice(0, MOST_FAULTS) }
}

function addDocument(
  loaded: LoadedFile,
  { value, faults, offsetOf }: YamlDocument,
  at: (offset: number) => Pick<Fault, 'file' | 'line' | 'column'>,
  text: string,
): void {
  const { file } = loaded
  const placeOf = (offset: number, within: Place | undefined) => (within ? offsetWithin(text, offset, within) : offset)
  const faultAt: FaultAt = (path, { part = 'value', severity = 'error', within, ...about }) => ({
    ...at(placeOf(offsetOf(path, part), within && typeof valueAt(value, path) === 'string' ? within : undefined)),
    path: pathText(path),
    severity,
    ...about,
  })
  if (testkubeKind(value) !== undefined) {
    loaded.isUnknown = true
    return void loaded.faults.push(faultAt(['kind'], ofTestkube(file)))
  }
  const parsed = WorkflowDocument.safeParse(value)
  if (parsed.success && faults.length === 0) return void loaded.documents.push({ file, document: parsed.data, faultAt })
  const told = faults.map(({ field }) => field!)
  const found = parsed.success ? [] : schemaFaults(WorkflowDocument, value, parsed.error)
  const fresh = found.filter(({ path }) => !told.some((each) => isWithin(path, each)))
  loaded.faults.push(...fresh.map(({ path, ...about }) => faultAt(path, about)))
  const pruned = prunedDocument(value)
  loaded.isUnknown ||= pruned === undefined || pruned.isNameless
  if (!pruned) return
  const { document, cut, originOf } = pruned
  const wrong = [...told, ...found.map(({ path }) => path), ...cut]
  const placed: FaultAt = (path, about) => faultAt(originOf(path), about)
  loaded.partial.push({ file, document, faultAt: placed, written: { value, wrong, faultAt, originOf } })
}

export const isWithin = (path: Path, outer: Path) => outer.every((key, i) => path[i] === key)

const ofTestkube = (file: string) => ({
  message: 'This is a document of Testkube.',
  hint: `\`everwarm workflow import ${file}\` makes a workflow of it.`,
})

const empty = (file: string): Fault => ({
  file,
  line: 1,
  column: 1,
  path: '',
  message: 'There is no document in it.',
  hint: 'A workflow has `kind: Workflow`, `metadata` and `spec`.',
  severity: 'error',
})

/** @throws EverwarmError BAD_INPUT if it cannot be read */
export const loadFile = (path: string): LoadedFile => loadText(readText(path), path)

/**
 * Several files as one: templates of one serve workflows of another.
 * @throws WorkflowInvalid with all that is wrong with the shape of all of them
 */
export function loadFiles(paths: readonly string[]): LoadedDocument[] {
  const files = paths.map(loadFile)
  refuseFaults(files.flatMap(({ faults }) => faults))
  return files.flatMap(({ documents }) => documents)
}

/** `lint <(command)`, `command | lint /dev/stdin` */
const OF_THE_SHELL = /^\/(?:dev\/stdin|(?:dev|proc\/(?:self|\d+))\/fd\/\d+)$/

/** @param hint where to look @throws EverwarmError BAD_INPUT */
export function readText(path: string, hint = 'Give the path of a workflow from here.'): string {
  try {
    const found = statSync(path)
    // A device never ends.
    if (found.isCharacterDevice() || found.isBlockDevice())
      throw Object.assign(new Error('It is a device.'), { code: 'a device' })
    // Without somebody who writes, to open it takes for ever; the shell's own has one.
    if (found.isFIFO() && !OF_THE_SHELL.test(path)) throw Object.assign(new Error('It is a pipe.'), { code: 'a named pipe' })
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
