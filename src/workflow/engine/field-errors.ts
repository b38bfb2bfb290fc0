import { type ErrorData, errorFromData } from '../../contracts/errors.ts'
import { FieldError } from '../expressions/expression-error.ts'
import type { OperationNode, PlanNode } from '../plan.ts'
import { fieldText, writtenField } from '../written-field.ts'
import type { Engine } from './engine.ts'

/** An error of a field of a node as people find it: FILE:LINE:COLUMN, the field as it is written, and its step. All others stay. */
export function shownAt(
  error: unknown,
  node: PlanNode | undefined,
  { known, masks }: Pick<Engine, 'known' | 'masks'>,
): ErrorData {
  const { code, message, hint } = errorFromData(error)
  const shown = (text: string, more: Partial<ErrorData> = {}): ErrorData => ({
    code,
    message: masks.text(text),
    ...(hint ? { hint: masks.text(hint) } : {}),
    ...more,
  })
  if (!(error instanceof FieldError)) {
    const placed =
      node?.at !== undefined && OF_WHOLE.test(code) ? new FieldError(code, { message, ...(hint ? { hint } : {}) }) : undefined
    return placed ? shownAt(placed, node, { known, masks }) : shown(message)
  }
  const { origin = node?.at, path = '' } = error
  const names = namesOf(error.origin === undefined ? node : undefined, path)
  const written = origin === undefined || names.length === 0 ? undefined : writtenField(known.documents, origin, names, error)
  if (!written) return shown(message)
  const place = { ...written, field: masks.text(written.field) }
  if (written.step !== undefined) place.step = masks.text(written.step)
  return shown(fieldText(written, error.what), { place })
}

/** What an operation could not even begin with. */
const OF_WHOLE =
  /^(?:COMMAND_NOT_\w+|IMAGE_UNAVAILABLE|FIELD_UNSUPPORTED|CLONE_FAILED|DOWNLOAD_FAILED|FILE_NOT_\w+|ARCHIVE_REFUSED)$/

/** The field in which an operation reads what it was given; errors of other fields name theirs in full. */
const FIELDS: Partial<Record<OperationNode['operation']['type'], string>> = {
  files: 'content.files',
  git: 'content.git',
  tarballs: 'content.tarball',
  artifacts: 'artifacts',
  parallel: 'parallel',
}
const OF_STEP = /^(?:condition|timeout|retry|container|services|execute|delay)\b/

function namesOf(node: PlanNode | undefined, path: string): string[] {
  const type = node?.kind === 'operation' ? node.operation.type : undefined
  if (path === '' && (type === 'run' || type === 'shell')) return type === 'run' ? ['run'] : ['shell', 'run.shell']
  const own = path.startsWith('container.') ? path.slice('container.'.length) : path
  if (path !== '' && (type === 'run' || type === 'shell' || own !== path)) {
    if (/^(?:condition|timeout|retry)\b/.test(path)) return [path]
    const script = own === 'args[0]' ? ['shell', 'run.shell'] : []
    return [...(type === 'run' ? script.toReversed() : script), `run.${own}`, ...folder(own), `container.${own}`]
  }
  const field = type && !OF_STEP.test(path) ? FIELDS[type] : undefined
  if (field === undefined) return path === '' ? [] : [path]
  return [path === '' || path.startsWith('[') ? `${field}${path}` : `${field}.${path}`, ...folder(path)]
}

const folder = (path: string) => (path === 'workingDir' ? ['workingDir', 'container.workingDir'] : [])
