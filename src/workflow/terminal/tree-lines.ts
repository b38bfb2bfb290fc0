import { lastLines } from './tail.ts'
import { markOf } from './marks.ts'
import {
  isEmptyHanded,
  isPassedNegative,
  type NodeView,
  type RunView,
  type ServiceView,
  type UnitView,
  type WorkersView,
  unitOf,
} from './run-view.ts'
import { type Line, neutral, type Span } from './spans.ts'
import { exitCodeWords, innerCode, stepMark } from './step-words.ts'
import { clockText, goesOnText, tookText, waitsText, workersText } from './wording.ts'

/** A line, and how soon it gives way where there are too many: 0 last. */
interface TreeLine {
  line: Line
  rank: number
}

const RANK = { head: 0, running: 1, failed: 2, worker: 3, output: 4, waiting: 5, done: 6 } as const
/** Workers shown by themselves; a progress line stands for all. */
const MOST_WORKERS = 8

/**
 * What runs now, as lines for a terminal.
 * @param nowMs ms since 1970 @param rows most lines
 */
export function treeLines(view: RunView, nowMs: number, rows: number): Line[] {
  const main = view.units.get('')
  const lines = [
    headLine(view, nowMs),
    ...(view.status === 'paused'
      ? [{ line: [{ text: `  ${goesOnText(view.id)}`, style: 'yellow' } as const], rank: RANK.head }]
      : []),
    ...(view.waits ? [{ line: [{ text: `  ${waitsText(view.waits)}`, style: 'yellow' } as const], rank: RANK.head }] : []),
    ...(main?.root.children ?? []).flatMap((node) => nodeLines(view, main!, node, '  ', nowMs)),
  ]
  return fitting(lines, rows)
}

function headLine(view: RunView, nowMs: number): TreeLine {
  const spans: Span[] = [
    { text: view.workflow || 'workflow', style: 'bold', shrinks: true },
    { text: `  ${view.status}`, style: markOf(view.status).style ?? 'dim' },
    { text: `  ${clockText(nowMs - view.startedAtMs)}  ${view.id}`, style: 'dim' },
  ]
  return { line: spans, rank: RANK.head }
}

function nodeLines(view: RunView, unit: UnitView, node: NodeView, indent: string, nowMs: number): TreeLine[] {
  const isNow = node.status === 'running' || node.status === 'paused'
  if (node.type !== 'step') return isNow ? operationLines(view, unit, node, indent, nowMs) : livingServices(node, indent)
  const title = [{ text: indent }, stepMark(node), { text: ` ${neutral(node.title)}`, shrinks: true }, ...timesOf(node, nowMs)]
  const own: TreeLine = { line: title, rank: rankOf(node) }
  if (!isNow) return [own, ...causeLines(node, `${indent}  `)]
  return [own, ...node.children.flatMap((child) => nodeLines(view, unit, child, `${indent}  `, nowMs))]
}

/** Why it failed: of itself, or of what it does. The step of a step has a line of its own. */
function causeLines({ status, error, children }: NodeView, indent: string): TreeLine[] {
  if (status !== 'failed' && status !== 'timeout') return []
  const cause = error ?? children.find((child) => child.type !== 'step' && child.status === status && child.error)?.error
  return cause ? [{ line: [{ text: `${indent}${neutral(cause.message)}`, style: 'red' }], rank: RANK.failed }] : []
}

function rankOf({ status }: NodeView): number {
  if (status === 'running' || status === 'paused') return RANK.running
  if (status === 'queued') return RANK.waiting
  return status === 'passed' || status === 'skipped' ? RANK.done : RANK.failed
}

function timesOf(node: NodeView, nowMs: number): Span[] {
  const { status, startedAtMs, durationMs, attempt, exitCode, isOptional } = node
  const isNow = status === 'running' || status === 'paused'
  const time =
    isNow && startedAtMs !== undefined
      ? clockText(nowMs - startedAtMs)
      : durationMs === undefined || status === 'skipped'
        ? ''
        : tookText(durationMs)
  const words = [
    ...(time === '' ? [] : [time]),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(status === 'paused' || status === 'timeout' ? [status] : []),
    ...(status === 'failed' ? exitCodeWords(exitCode ?? innerCode(node)) : []),
    ...(isEmptyHanded(node) ? ['all in it was skipped'] : []),
    ...(isPassedNegative(node) ? ['it passed, but is negative'] : []),
    ...(isOptional && (status === 'failed' || status === 'timeout') ? ['optional'] : []),
  ]
  return words.length === 0 ? [] : [{ text: `  ${words.join(', ')}`, style: 'dim' }]
}

function operationLines(view: RunView, unit: UnitView, node: NodeView, indent: string, nowMs: number): TreeLine[] {
  const services = livingServices(node, indent)
  if (node.workers) return [...services, ...workersLines(view, unit, node.ref, node.workers, indent, nowMs)]
  const last = lastLines(node.tail, 1, neutral)[0]
  if (last !== undefined) return [...services, { line: outputSpans(indent, last), rank: RANK.output }]
  if (services.length > 0 || node.type === 'run' || node.type === 'shell') return services
  return [{ line: [{ text: `${indent}${node.type}`, style: 'dim' }], rank: RANK.output }]
}

/** They live on when the operation that started them has ended. */
const livingServices = ({ services }: NodeView, indent: string) =>
  [...(services?.values() ?? [])].filter(({ status }) => status !== 'stopped').map((each) => serviceLine(each, indent))

const outputSpans = (indent: string, text: string): Line => [
  { text: `${indent}│ `, style: 'dim' },
  { text, style: 'dim' },
]

function serviceLine({ name, index, status, address, message }: ServiceView, indent: string): TreeLine {
  const words = status === 'passed' ? 'ready' : status
  const about = neutral([words, address, message].filter(Boolean).join(' '))
  const line: Line = [{ text: indent }, markOf(status), { text: ` ${name} ${index}` }, { text: `  ${about}`, style: 'dim' }]
  return { line, rank: status === 'failed' ? RANK.failed : RANK.worker }
}

/** `12/40 done, 8 running, 1 failed`. */
export function progressText({ count, by }: WorkersView): string {
  const done = by.passed + by.failed + by.aborted + by.canceled + by.skipped
  const parts = [
    [by.running + by.starting, 'running'],
    [by.paused, 'paused'],
    [by.failed, 'failed'],
    [by.aborted, 'aborted'],
    [by.canceled, 'canceled'],
    [by.skipped, 'skipped'],
  ] as const
  return [`${done}/${count} done`, ...parts.filter(([many]) => many > 0).map(([many, word]) => `${many} ${word}`)].join(', ')
}

function workersLines(view: RunView, unit: UnitView, ref: string, group: WorkersView, indent: string, nowMs: number): TreeLine[] {
  if (group.skipped !== undefined)
    return [{ line: [{ text: `${indent}${workersText(0, 0)}: ${neutral(group.skipped)}`, style: 'dim' }], rank: RANK.output }]
  const { count, parallelism, active } = group
  const total: TreeLine = {
    line: [{ text: `${indent}${progressText(group)}` }, { text: `  (${workersText(count, parallelism)})`, style: 'dim' }],
    rank: RANK.running,
  }
  const shown = [...firstOf(active, MOST_WORKERS)].map(([index, description]) => {
    const inner = view.units.get(unitOf({ unit: unit.unit, ref, index }))
    return { line: workerLine(index, description, group, inner, indent, nowMs), rank: RANK.worker }
  })
  const more = active.size - shown.length
  const rest: TreeLine[] = more > 0 ? [{ line: [{ text: `${indent}  and ${more} more`, style: 'dim' }], rank: RANK.worker }] : []
  return [total, ...shown, ...rest]
}

function* firstOf<Key, Value>(all: Map<Key, Value>, most: number): Generator<[Key, Value]> {
  let left = most
  for (const entry of all) {
    if (left-- <= 0) return
    yield entry
  }
}

function workerLine(
  index: number,
  description: string,
  group: WorkersView,
  inner: UnitView | undefined,
  indent: string,
  nowMs: number,
): Line {
  const about = neutral(inner?.description ?? description)
  const head = [{ text: `${indent}  ` }, markOf(group.statuses.get(index) ?? 'running'), { text: ` #${index}` }]
  const named: Span[] = about === '' ? head : [...head, { text: ` ${about}`, share: 0.3 }]
  const now = inner && firstRunning(inner)
  if (!now) return named
  const last = now.tail === '' ? undefined : lastLines(now.tail, 1, neutral)[0]
  const time = now.startedAtMs === undefined ? '' : ` ${clockText(nowMs - now.startedAtMs)}`
  return [
    ...named,
    { text: `  ${neutral(now.title)}`, style: 'dim', share: 0.3 },
    { text: `${time}${last === undefined ? '' : `  ${last}`}`, style: 'dim' },
  ]
}

function firstRunning({ running, nodes }: UnitView): NodeView | undefined {
  const [ref] = running
  return ref === undefined ? undefined : nodes.get(ref)
}

/** The lines that matter least go, the earliest of them first; one line says how many. */
function fitting(lines: TreeLine[], rows: number): Line[] {
  if (lines.length <= rows) return lines.map(({ line }) => line)
  const surplus = lines.length - Math.max(1, rows - 1)
  const order = lines.map(({ rank }, at) => ({ rank, at })).sort((a, b) => b.rank - a.rank || a.at - b.at)
  const gone = new Set(order.slice(0, surplus).map(({ at }) => at))
  const kept = lines.filter((_, at) => !gone.has(at)).map(({ line }) => line)
  return rows < 2 ? kept : [...kept, [{ text: `  ${surplus} more lines`, style: 'dim' }]]
}
