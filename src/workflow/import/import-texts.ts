import { WorkflowDocument } from '../../contracts/workflow/document.ts'
import { checkDocuments } from '../check.ts'
import { type Fault, pathText, refuseFaults } from '../fault.ts'
import type { LoadedDocument } from '../load.ts'
import { isMapLike } from '../schema-walk.ts'
import { readYaml, type YamlFile } from '../yaml.ts'
import { noteDifferences } from './differences.ts'
import { type EditableYaml, editableDocuments } from './editable-yaml.ts'
import { replaceForeignWords } from './foreign-words.ts'
import { Importing, type ImportNote } from './notes.ts'
import { settle } from './settle.ts'
import { testkubeKind } from './testkube-kind.ts'

export interface Imported {
  /** Documents of ours. */
  texts: string[]
  /** In the order of the files. */
  notes: ImportNote[]
}

/**
 * Documents of Testkube as ours. What there is not here is left out and noted; whatever is still wrong then is noted, too.
 * @throws WorkflowInvalid if one of the files is no YAML
 */
export function importTexts(files: readonly { file: string; text: string }[]): Imported {
  const read = files.map((each) => ({ ...each, yaml: readYaml(each.text) }))
  refuseFaults(read.flatMap(({ file, yaml }) => syntaxFaults(file, yaml)))
  const all = read.flatMap(({ file, text, yaml: { place } }) =>
    editableDocuments(text).map((yaml) => new Importing(yaml, file, place)),
  )
  const { theirs = [], others = [] } = Object.groupBy(all, ({ yaml }) =>
    testkubeKind(yaml.value) === undefined ? 'others' : 'theirs',
  )
  others.forEach(noteOther)
  for (const importing of theirs) take(importing)
  noteFaults(theirs)
  return { texts: theirs.map(({ yaml }) => yaml.text()), notes: all.flatMap(({ notes }) => inOrder(notes)) }
}

const AGAIN = 'Mend it, and import it again.'

function syntaxFaults(file: string, { documents, place }: YamlFile): Fault[] {
  return documents.flatMap(({ faults }) =>
    faults.map(({ offset, message, hint = AGAIN }) => ({
      file,
      ...place(offset),
      path: '',
      severity: 'error' as const,
      message,
      hint,
    })),
  )
}

const kindOf = ({ value }: EditableYaml): string => (isMapLike(value) ? String(value['kind']) : '')

function noteOther(other: Importing): void {
  const kind = kindOf(other.yaml)
  const isOurs = kind === 'Workflow' || kind === 'WorkflowTemplate'
  other.note(
    isOurs ? ['kind'] : [],
    isOurs ? 'It is one of ours already; left out.' : `It is no workflow${kind === '' ? '' : ` but a ${kind}`}; left out.`,
  )
}

function take(importing: Importing): void {
  const { yaml } = importing
  takeHead(importing)
  const { spec, description } = yaml.value as Record<string, unknown>
  if (isMapLike(spec) && 'description' in spec) {
    if (description === undefined) yaml.lift(['spec', 'description'], 'spec')
    else importing.drop(['spec', 'description'], 'There is one of the document; left out.')
  }
  if (!isMapLike(spec)) yaml.set(['spec'], {})
  yaml.markOctal(['mode', 'defaultMode'])
  replaceForeignWords(importing)
  settle(importing)
  noteDifferences(importing)
}

/** What the cluster keeps of a document is not of the workflow. */
function takeHead(importing: Importing): void {
  const { yaml } = importing
  const { kind: _, metadata, spec: __, description: ___, ...rest } = yaml.value as Record<string, unknown>
  yaml.set(['kind'], testkubeKind(yaml.value))
  if ('apiVersion' in rest) yaml.remove(['apiVersion'])
  if ('status' in rest) importing.drop(['status'], 'It belongs to the cluster; left out.')
  for (const name of Object.keys(rest).filter((each) => each !== 'apiVersion' && each !== 'status'))
    importing.drop([name], 'There is no such field here; left out.', true)
  if (!isMapLike(metadata)) return yaml.set(['metadata'], {})
  const foreign = Object.keys(metadata).filter((name) => name !== 'name' && name !== 'labels')
  if (foreign.length === 0) return
  const [first] = foreign
  const verb = foreign.length === 1 ? 'belongs' : 'belong'
  importing.note(['metadata', first!], `${foreign.map((name) => `\`${name}\``).join(', ')} ${verb} to the cluster; left out.`)
  for (const name of foreign) yaml.remove(['metadata', name])
}

/** What `lint` would say of them, where it stands in the files of Testkube. */
function noteFaults(theirs: readonly Importing[]): void {
  const sources = new Map<Fault, Importing>()
  for (const fault of checkDocuments(theirs.flatMap((each) => loaded(each, sources)))) {
    const from = sources.get(fault) ?? theirs.find((each) => each.placeOf(0).file === fault.file)!
    if (from.notes.some((note) => isToldBy(note, fault))) continue
    const { severity, hint, ...about } = fault
    const isMissing = fault.path.endsWith('.name') && fault.message.startsWith('There is no template')
    const more = isMissing ? 'Import its file together with this one, or name both for `lint` and `run`.' : hint
    const message = `${about.message}${more ? ` ${more}` : ''}`
    from.notes.push({ ...about, message, isByHand: severity === 'error' })
  }
}

/** A name that is not known, or a field that is missing: what to do is said already. */
function isToldBy({ isByHand, path, line, message }: ImportNote, fault: Fault): boolean {
  const name = /^`([^`.]+)/.exec(message)?.[1]
  return isByHand && path === fault.path && (line === fault.line || (name !== undefined && fault.message.includes(name)))
}

/** @param sources which document each fault is about */
function loaded(importing: Importing, sources: Map<Fault, Importing>): LoadedDocument[] {
  const { yaml, placeOf } = importing
  const { success, data: document } = WorkflowDocument.safeParse(yaml.value)
  if (!success) return []
  const { file } = placeOf(0)
  const faultAt: LoadedDocument['faultAt'] = (path, { part = 'value', severity = 'error', ...about }) => {
    const fault: Fault = { ...placeOf(yaml.offsetOf(path, part)), path: pathText(path), severity, ...about }
    sources.set(fault, importing)
    return fault
  }
  return [{ file, document, faultAt }]
}

const inOrder = (notes: readonly ImportNote[]) => notes.toSorted((a, b) => a.line - b.line || a.column - b.column)
