import type { WorkflowEvent } from '../../contracts/workflow/events.ts'
import type { Paint } from '../../system/log.ts'
import { applyEvent } from './apply-event.ts'
import type { Renderer } from './live.ts'
import { markOf } from './marks.ts'
import { newRunView, type RunView, unitTitle, unitOf } from './run-view.ts'
import { type Line, neutral, paintLine, type Span } from './spans.ts'
import { summaryLines } from './summary-lines.ts'
import { stepMark, stepWords } from './step-words.ts'
import { goesOnText, tookText, waitsText, workersText } from './wording.ts'

/** A line that has no end yet is shown when it has so many characters. */
const MOST_PARTIAL = 65_536

export interface PlainOptions {
  /** One line, without its end. */
  print(line: string): void
  paint: Paint
}

/** One line for each change of a status, and all output: for pipes and CI. */
export function plainRenderer({ print, paint }: PlainOptions): Renderer {
  const view = newRunView()
  const partial = new Map<string, string>()
  const show = (line: Line) => print(paintLine(line, Number.MAX_SAFE_INTEGER, paint))
  const flush = (unit: string, ref: string) => {
    for (const stream of ['stdout', 'stderr'] as const) {
      const key = `${unit}|${ref}|${stream}`
      const rest = partial.get(key)
      partial.delete(key)
      if (rest) show([...prefix(view, unit), { text: neutral(rest) }])
    }
  }
  const output = ({ unit, ref, stream, text }: Extract<WorkflowEvent, { type: 'output' }>) => {
    const key = `${unit}|${ref}|${stream}`
    const lines = `${partial.get(key) ?? ''}${text}`.split('\n')
    const rest = lines.at(-1)!.length > MOST_PARTIAL ? '' : lines.pop()!
    if (rest === '') partial.delete(key)
    else partial.set(key, rest)
    for (const line of lines) show([...prefix(view, unit), { text: neutral(line) }])
  }
  return {
    hear(event) {
      // Who has ended is forgotten: what is to be said of it is made before.
      if (event.type === 'step') flush(event.unit, event.ref)
      const lines = event.type === 'worker' ? changeLines(view, event) : undefined
      applyEvent(view, event)
      if (event.type === 'output') output(event)
      else for (const line of lines ?? changeLines(view, event)) show(line)
    },
    note: (text) => show([{ text: neutral(text) }]),
    end(places) {
      for (const line of [[], ...summaryLines(view, places)]) show(line)
    },
  }
}

/** Whose line it is, where several run at the same time. */
function prefix(view: RunView, unit: string): Span[] {
  return unit === '' ? [] : [{ text: `[${neutral(unitTitle(view, unit))}] `, style: 'dim' }]
}

function changeLines(view: RunView, event: WorkflowEvent): Line[] {
  switch (event.type) {
    case 'execution':
      // That it is queued has been said.
      if (event.waits) return [[{ text: `  ${waitsText(event.waits)}`, style: 'yellow' }]]
      return [
        [{ text: `${event.workflow} ${event.status}` }, { text: `  ${event.id}`, style: 'dim' }],
        ...(event.status === 'paused' ? [[{ text: `  ${goesOnText(event.id)}`, style: 'yellow' } as const]] : []),
      ]
    case 'step':
      return stepLines(view, event)
    case 'workers':
      return [
        [
          { text: `  ${workersText(event.count, event.parallelism)}` },
          ...(event.skipped === undefined ? [] : [{ text: `: ${neutral(event.skipped)}` }]),
        ],
      ]
    case 'worker':
      return workerLines(view, event)
    case 'service': {
      // Why it failed is the error of its step.
      const more = event.status === 'failed' ? [] : [event.address, event.message]
      const words = [event.status === 'passed' ? 'ready' : event.status, ...more].filter(Boolean).join(' ')
      return [[...prefix(view, event.unit), { text: `${event.name} ${event.index}: ${neutral(words)}` }]]
    }
    case 'artifact':
      return []
    case 'report':
      return []
    case 'error': {
      const { message, hint } = event.error
      const said = neutral(hint === undefined ? message : `${message} ${hint}`)
      return [[...prefix(view, event.unit), { text: `error: ${said}`, style: 'red' }]]
    }
    case 'warning':
      return [[...prefix(view, event.unit), { text: `warning: ${neutral(event.message)}`, style: 'yellow' }]]
    default:
      return []
  }
}

function stepLines(view: RunView, { unit, ref, status }: Extract<WorkflowEvent, { type: 'step' }>): Line[] {
  const node = view.units.get(unit)?.nodes.get(ref)
  // Of workers only what went wrong: there may be a thousand of them.
  if (!node || node.type !== 'step' || node === view.units.get(unit)?.root || status === 'queued') return []
  if (unit !== '' && ['running', 'passed', 'skipped'].includes(status)) return []
  if (status === 'skipped' && node.parent?.status === 'skipped') return []
  const words = stepWords(node, view.units.get(unit)!)
  const about: Span[] = words.length === 0 ? [] : [{ text: `  ${words.join(', ')}`, style: 'dim' }]
  return [[...prefix(view, unit), stepMark(node), { text: ` ${neutral(node.title)}` }, ...about]]
}

function workerLines(view: RunView, event: Extract<WorkflowEvent, { type: 'worker' }>): Line[] {
  const { status, description, durationMs, error, log } = event
  if (status === 'queued' || status === 'starting') return []
  const title = unitTitle(view, unitOf(event))
  const named = description && !title.endsWith(description) ? `${title} ${description}` : title
  const took = durationMs === undefined ? '' : ` ${tookText(durationMs)}`
  const why = error ? `  ${error.code}: ${neutral(error.message)}` : ''
  const where = log !== undefined && status === 'failed' ? `  ${log}` : ''
  const optional = status === 'failed' && view.units.get(event.unit)?.nodes.get(event.ref)?.isOptional ? ', optional' : ''
  return [
    [{ text: `[${neutral(named)}] `, style: 'dim' }, markOf(status), { text: ` ${status}${optional}${took}${why}${where}` }],
  ]
}
