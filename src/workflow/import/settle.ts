import { WorkflowDocument } from '../../contracts/workflow/document.ts'
import { type Path, pathText } from '../fault.ts'
import { type SchemaFault, schemaFaults } from '../schema-faults.ts'
import { isMapLike } from '../schema-walk.ts'
import type { Importing } from './notes.ts'

/** Fields that Testkube has, and what to do without them. */
const INSTEAD: readonly [RegExp, string][] = [
  [/\.execute\.tests$/, 'Tests of the older kind are no workflows: make each of them one, and name it in `workflows`.'],
  [/\.matchExpressions$/, 'Labels are only compared: use `matchLabels`, or name each workflow.'],
  [/\.notifications$/, 'Nothing is sent from here: send it in a step of `after` with `condition: always`.'],
]

/** As YAML 1.1 writes them, which is what Testkube reads. */
const TRUTHS = new Map([
  ...['true', 'yes', 'on', 'y'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', 'n'].map((word) => [word, false] as const),
])

/** Mends or leaves out what the schema refuses, until it refuses nothing, or nothing more can be left out. */
export function settle(importing: Importing): void {
  const { yaml } = importing
  for (;;) {
    const { value } = yaml
    const parsed = WorkflowDocument.safeParse(value)
    if (parsed.success) return
    // The last first: items of a list that go away must not move those that are still to be mended.
    for (const fault of schemaFaults(WorkflowDocument, value, parsed.error).toReversed()) mend(importing, fault)
    if (JSON.stringify(yaml.value) === JSON.stringify(value)) return
  }
}

function mend(importing: Importing, fault: SchemaFault): void {
  const { yaml } = importing
  const { path, hint } = fault
  if (path.length === 0 || !yaml.has(path)) return dropOwner(importing, fault)
  if (hint?.startsWith('Write it in quotes')) return yaml.quote(path)
  const value = yaml.at(path)
  const truth = TRUTHS.get(String(value).toLowerCase())
  if (truth !== undefined && fault.message.includes('true or false')) return yaml.set(path, truth)
  if (isMapLike(value) && 'shell' in value && ('command' in value || 'args' in value)) return dropCommand(importing, path, value)
  if (isEmpty(value)) return importing.drop(path, 'It is empty; left out.')
  const instead = INSTEAD.find(([pattern]) => pattern.test(pathText(path)))?.[1]
  importing.drop(path, `${fault.message} Left out.${instead ? ` ${instead}` : ''}`, true)
}

/** The script is what does the work. */
function dropCommand(importing: Importing, path: Path, value: Record<string, unknown>): void {
  for (const field of ['command', 'args'].filter((each) => each in value))
    importing.drop([...path, field], 'There is a `shell` beside it, which runs. Left out.', true)
}

/** What is missing cannot be mended: what it belongs to goes. */
function dropOwner(importing: Importing, { path, message }: SchemaFault): void {
  const at = path.slice(0, -1)
  if (at.length > 1 && importing.yaml.has(at)) importing.drop(at, `${String(path.at(-1))}: ${message} Left out.`, true)
  else importing.note(path, message, { isByHand: true })
}

const isEmpty = (value: unknown) =>
  value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
