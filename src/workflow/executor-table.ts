import type { FieldNote } from '../executors/field-notes.ts'

const MEANT = '✓'

/**
 * The fields that mean nothing somewhere, for docs/workflow.md: one row for all fields of which the same is said.
 * @param notes by the executor's name, in the order of the columns
 */
export function executorTable(notes: Readonly<Record<string, readonly FieldNote[]>>): string {
  const columns = Object.values(notes)
  const fields = new Set(columns.flatMap((list) => list.map(({ field }) => field)))
  const rows = Map.groupBy([...fields].sort(), (field) => columns.map((list) => cell(list, field)).join(' | '))
  const lines = [...rows].map(([cells, named]) => `| ${named.map((field) => `\`${field}\``).join(', ')} | ${cells} |`)
  return [`| field | ${Object.keys(notes).join(' | ')} |`, `|---${'|---'.repeat(columns.length)}|`, ...lines].join('\n')
}

function cell(list: readonly FieldNote[], field: string): string {
  const note = list.find((each) => each.field === field)
  if (!note) return MEANT
  return note.severity === 'error' ? `error: ${note.why}` : note.why
}
