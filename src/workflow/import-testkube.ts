import { WorkflowDocument } from '../contracts/workflow/document.ts'
import { pathText, type Path } from './fault.ts'
import { isMapLike, textFields } from './schema-walk.ts'
import { type SchemaFault, schemaFaults, valueAt } from './schema-faults.ts'

/** What could not be taken over, or means something else here. */
export interface ImportNote {
  path: string
  message: string
}

export interface ImportedDocument {
  document: Record<string, unknown>
  notes: ImportNote[]
}

const KINDS: Readonly<Record<string, string>> = { TestWorkflow: 'Workflow', TestWorkflowTemplate: 'WorkflowTemplate' }

/** A document of Testkube as one of ours; undefined if it is of another kind. Fields that there are not here are left out and named. */
export function importTestkube(value: unknown): ImportedDocument | undefined {
  const kind = isMapLike(value) ? KINDS[String(value['kind'])] : undefined
  if (!isMapLike(value) || kind === undefined) return undefined
  const notes: ImportNote[] = []
  const { apiVersion: _, kind: __, metadata, spec, description, status: ___, ...rest } = value
  for (const name of Object.keys(rest)) notes.push({ path: name, message: 'There is no such field here; left out.' })
  const about = description ?? (isMapLike(spec) ? spec['description'] : undefined)
  const document: Record<string, unknown> = {
    kind,
    metadata: metadataOf(metadata, notes),
    ...(about === undefined ? {} : { description: about }),
    spec: isMapLike(spec) ? withoutField(structuredClone(spec), 'description') : {},
  }
  settle(document, notes)
  notes.push(...expressionNotes(document))
  return { document, notes }
}

function withoutField(fields: Record<string, unknown>, name: string) {
  return Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name))
}

function metadataOf(metadata: unknown, notes: ImportNote[]): Record<string, unknown> {
  const { name, labels, ...rest } = isMapLike(metadata) ? metadata : {}
  for (const field of Object.keys(rest))
    notes.push({ path: `metadata.${field}`, message: 'It belongs to the cluster; left out.' })
  return { ...(name === undefined ? {} : { name }), ...(labels === undefined ? {} : { labels }) }
}

/** Mends or leaves out what the schema refuses, until it refuses nothing, or nothing more can be left out. */
function settle(document: Record<string, unknown>, notes: ImportNote[]): void {
  for (;;) {
    const parsed = WorkflowDocument.safeParse(document)
    if (parsed.success) return
    const before = JSON.stringify(document)
    const faults = schemaFaults(WorkflowDocument, document, parsed.error)
    // The last first: items of a list that go away must not move those that are still to be mended.
    for (const fault of faults.toReversed()) mend(document, fault, notes)
    if (JSON.stringify(document) === before) return
  }
}

function mend(document: Record<string, unknown>, { path, message, hint }: SchemaFault, notes: ImportNote[]): void {
  const owner = valueAt(document, path.slice(0, -1)) as Record<string | number, unknown> | undefined
  const key = path.at(-1)
  if (owner === undefined || key === undefined || typeof owner !== 'object' || !Object.hasOwn(owner, key))
    return dropOwner(document, path, message, notes)
  const value = owner[key]
  if (hint?.startsWith('Write it in quotes')) owner[key] = String(value)
  else if (isMapLike(value) && 'shell' in value && ('command' in value || 'args' in value))
    // The script is what does the work.
    for (const field of ['command', 'args'].filter((each) => each in value)) drop(value, field, [...path, field], message, notes)
  else drop(owner, key, path, message, notes)
}

/** What is missing cannot be mended: what it belongs to goes. */
function dropOwner(document: Record<string, unknown>, path: Path, message: string, notes: ImportNote[]): void {
  const at = path.slice(0, -1)
  const owner = valueAt(document, at.slice(0, -1))
  if (at.length > 1 && typeof owner === 'object' && owner !== null)
    drop(owner as Record<string | number, unknown>, at.at(-1)!, at, `${pathText(path)}: ${message}`, notes)
  else if (!notes.some((note) => note.path === pathText(path))) notes.push({ path: pathText(path), message })
}

function drop(
  owner: Record<string | number, unknown>,
  key: string | number,
  path: Path,
  message: string,
  notes: ImportNote[],
): void {
  notes.push({ path: pathText(path), message: `${message} Left out.` })
  if (Array.isArray(owner)) owner.splice(Number(key), 1)
  else delete owner[key]
}

/** Where the same text means something else: there, both operators have one precedence, and a minus takes all that follows. */
function expressionNotes(document: unknown): ImportNote[] {
  return [...textFields(WorkflowDocument, document)].flatMap(({ path, text, role }) => {
    const inside = role === 'expression' ? [text] : [...text.matchAll(/\{\{([^]*?)\}\}/g)].map((match) => match[1]!)
    const bare = inside.map((each) => each.replaceAll(/"[^"]*"|'[^']*'/g, '""'))
    const mixes = bare.some((each) => each.includes('&&') && each.includes('||'))
    const negates = bare.some((each) => /(?:^|[(,?:&|=<>+*/%-])\s*-\s*[\w(].*[-+*/%=<>?]/.test(each))
    const message = mixes
      ? '`&&` is stronger than `||` here; put brackets where they were meant.'
      : negates
        ? 'A minus takes only what stands beside it here; put brackets where they were meant.'
        : undefined
    return message === undefined ? [] : [{ path: pathText(path), message }]
  })
}
