import type { RunRecord } from './record.ts'

export interface Difference {
  kind: 'test' | 'file' | 'unhandled' | 'exit code' | 'snapshots'
  /** Where: project, file, test. */
  where: string
  stock: string
  everwarm: string
  /** First errors of the side that failed. */
  errors: string[]
}

export interface Comparison {
  /** Tests of the stock run, the ones only everwarm has included. */
  tests: number
  differences: Difference[]
  /** Same status, another error message: worth a look, not a difference in the verdict. */
  notes: Difference[]
  /** Places where stock does not agree with itself; nothing is said about them. */
  unstable: string[]
}

/**
 * Compares one run under everwarm with one or more stock runs, by project, file and full name; equal names count.
 * What differs between the stock runs is unstable and no difference.
 */
export function compareRuns(stock: readonly RunRecord[], ours: RunRecord): Comparison {
  const expected = stock.map(byPlace)
  const actual = byPlace(ours)
  const result: Comparison = { tests: 0, differences: [], notes: [], unstable: [] }
  const places = new Set([...expected.flatMap((side) => [...side.keys()]), ...actual.keys()])
  for (const place of places) {
    const { kind, where } = parsePlace(place)
    const found = actual.get(place)
    const wanted = expected.map((side) => side.get(place))
    result.tests += kind === 'test' ? Math.max(...wanted.map(countOf), countOf(found)) : 0
    const statuses = new Set(wanted.map(statusOf))
    if (statuses.size > 1) result.unstable.push(where)
    if (!statuses.has(statusOf(found))) {
      const errors = [...(found?.errors ?? []), ...wanted.flatMap((side) => side?.errors ?? [])]
      result.differences.push({ kind, where, stock: statusOf(wanted[0]), everwarm: statusOf(found), errors: errors.slice(0, 3) })
    } else if (statuses.size === 1 && errorsOf(wanted[0]) !== errorsOf(found))
      result.notes.push({ kind, where, stock: errorsOf(wanted[0]), everwarm: errorsOf(found), errors: [] })
  }
  result.differences.push(...wholeRun(stock, ours))
  return result
}

/** Exit code, unhandled errors and snapshots belong to no single test. */
function wholeRun(stock: readonly RunRecord[], ours: RunRecord): Difference[] {
  const facts: [Difference['kind'], (run: RunRecord) => string][] = [
    ['exit code', (run) => String(run.exitCode)],
    ['unhandled', (run) => `${run.unhandled.length} unhandled errors`],
    ['snapshots', (run) => snapshotText(run.snapshots)],
  ]
  return facts.flatMap(([kind, text]) => {
    const allowed = stock.map(text)
    if (allowed.includes(text(ours))) return []
    const errors = kind === 'unhandled' ? [...ours.unhandled, ...stock[0]!.unhandled].slice(0, 5) : []
    return [{ kind, where: 'the whole run', stock: allowed[0]!, everwarm: text(ours), errors }]
  })
}

interface Outcome {
  statuses: string[]
  errors: string[]
}

const SEPARATOR = '\u0000'

function byPlace(run: RunRecord): Map<string, Outcome> {
  const places = new Map<string, Outcome>()
  const add = (place: string, status: string, errors: string[]) => {
    const outcome = places.get(place) ?? { statuses: [], errors: [] }
    outcome.statuses.push(status)
    outcome.errors.push(...errors)
    places.set(place, outcome)
  }
  for (const test of run.tests) add(['test', test.project, test.file, test.name].join(SEPARATOR), test.status, test.errors)
  for (const file of run.files) add(['file', file.project, file.file].join(SEPARATOR), file.status, file.errors)
  return places
}

function parsePlace(place: string) {
  const [kind, project, ...rest] = place.split(SEPARATOR)
  return { kind: kind as 'test' | 'file', where: (project ? `[${project}] ` : '') + rest.join(' > ') }
}

const countOf = (outcome: Outcome | undefined) => outcome?.statuses.length ?? 0
const errorsOf = (outcome: Outcome | undefined) => (outcome?.errors ?? []).toSorted().join('\n')

/** Tests of one name are compared as a group: "2 passed, 1 failed". */
function statusOf(outcome: Outcome | undefined): string {
  if (!outcome) return 'missing'
  if (outcome.statuses.length === 1) return outcome.statuses[0]!
  const counts = Map.groupBy(outcome.statuses.toSorted(), (status) => status)
  return [...counts].map(([status, all]) => `${all.length} ${status}`).join(', ')
}

function snapshotText(snapshots: Record<string, number>): string {
  const parts = Object.entries(snapshots).filter(([, count]) => count > 0)
  return parts.map(([name, count]) => `${count} ${name}`).join(', ') || 'none'
}
