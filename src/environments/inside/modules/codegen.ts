import { IMPORT_NAME, META_NAME, type ImportBinding } from './analyze.ts'
import { applyEdits, type Edit } from './edit.ts'
import type { EsmRecord } from './records.ts'
import { referenceEdits } from './references.ts'

/** Gives a value that texts alone decide: from an earlier process, or made now. */
export type Derive = <T>(what: string, texts: string[], make: () => T) => T

const PARAMS = `__ew_d,${META_NAME},${IMPORT_NAME}`

export interface ModuleCode {
  code: string
  /** Length of what was put before the module's first character, on its first line. */
  prefixLength: number
}

/**
 * The text of a module as a function expression. The module's own text keeps its lines, and its columns
 * almost everywhere. Arguments: dependencies' containers (then namespaces), import.meta, import().
 *
 * A plain module reads its imports into constants first and returns its exports as one object.
 * A live one is a generator: it hands out getters, yields, and runs when everything in its cycle has done so.
 */
export function generateCode(record: EsmRecord, starNames: ReadonlyMap<string, number>, derive: Derive): ModuleCode {
  return record.isLive ? liveCode(record, starNames, derive) : plainCode(record, starNames)
}

function plainCode(record: EsmRecord, starNames: ReadonlyMap<string, number>): ModuleCode {
  const { analysis, source } = record
  const constants = analysis.imports.map((binding) => `${binding.local}=${imported(record, binding)}`)
  const prefix = `(${analysis.awaitsAtTopLevel ? 'async ' : ''}function(${PARAMS}){'use strict';${constants.length > 0 ? `const ${constants.join(',')};` : ''}`
  const properties = exportProperties(record, starNames).map(({ name, expression, mayChange }) =>
    mayChange ? `get ${property(name)}(){return ${expression}}` : `${property(name)}:${expression}`,
  )
  const code = `${prefix}${applyEdits(source, analysis.edits)}\n;return {${properties.join(',')}}\n})`
  return { code, prefixLength: prefix.length }
}

function liveCode(record: EsmRecord, starNames: ReadonlyMap<string, number>, derive: Derive): ModuleCode {
  const { analysis, source } = record
  const expressions = new Map(analysis.imports.map((binding) => [binding.local, imported(record, binding)]))
  const getters = exportProperties(record, starNames).map(
    ({ name, expression }) => `get ${property(name)}(){return ${expression}}`,
  )
  const prefix = `(${analysis.awaitsAtTopLevel ? 'async ' : ''}function*(${PARAMS},__ew_x){'use strict';__ew_x({${getters.join(',')}});yield;`
  const keys = JSON.stringify([...expressions])
  const references = expressions.size > 0 ? derive('references', [keys, source], () => referenceEdits(source, expressions)) : []
  const code = `${prefix}${applyEdits(source, merge(analysis.edits, references))}\n})`
  return { code, prefixLength: prefix.length }
}

interface ExportProperty {
  name: string
  expression: string
  mayChange: boolean
}

function exportProperties(record: EsmRecord, starNames: ReadonlyMap<string, number>): ExportProperty[] {
  const { analysis } = record
  const own = new Map<string, ExportProperty>()
  for (const entry of analysis.exports) {
    if (entry.kind === 'local')
      own.set(entry.name, { name: entry.name, expression: entry.local, mayChange: analysis.mutable.includes(entry.local) })
    else if (entry.kind === 'indirect') {
      const expression = `__ew_d[${entry.request}]${access(entry.imported)}`
      own.set(entry.name, { name: entry.name, expression, mayChange: record.isLive })
    } else if (entry.kind === 'namespace') {
      own.set(entry.name, {
        name: entry.name,
        expression: `__ew_d[${namespaceSlot(record, entry.request, true)}]`,
        mayChange: false,
      })
    }
  }
  for (const [name, request] of starNames) {
    if (!own.has(name)) own.set(name, { name, expression: `__ew_d[${request}]${access(name)}`, mayChange: record.isLive })
  }
  return [...own.values()].filter(({ name }) => record.exportNames.includes(name))
}

function imported(record: EsmRecord, { request, name, isHeld }: ImportBinding): string {
  return name === '*' ? `__ew_d[${namespaceSlot(record, request, isHeld === true)}]` : `__ew_d[${request}]${access(name)}`
}

/** Index of a request's namespace object behind the dependencies. */
function namespaceSlot(record: EsmRecord, request: number, isExact: boolean): number {
  const { namespaceSlots, analysis } = record
  let slot = namespaceSlots.findIndex((one) => one.request === request && one.isExact === isExact)
  if (slot === -1) slot = namespaceSlots.push({ request, isExact }) - 1
  return analysis.requests.length + slot
}

function isPlainName(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name) && name !== '__proto__'
}
const access = (name: string) => (isPlainName(name) ? `.${name}` : `[${JSON.stringify(name)}]`)
const property = (name: string) => (isPlainName(name) ? name : `[${JSON.stringify(name)}]`)

/** Two edit lists in order; those inside an edit of the first list (erased statements) are dropped. */
function merge(first: Edit[], second: Edit[]): Edit[] {
  const covered = (edit: Edit) =>
    first.some((other) => edit.start >= other.start && edit.end <= other.end && other.end > other.start)
  return [...first, ...second.filter((edit) => !covered(edit))].sort((a, b) => a.start - b.start || a.end - b.end)
}
