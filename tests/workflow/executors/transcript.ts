import type { StepReport, UnitNode, WorkerReport, WorkflowEvent } from '../../../src/contracts/workflow/events.ts'
import type { FixtureEnd } from './run-fixture.ts'

type Of<Type extends WorkflowEvent['type']> = Extract<WorkflowEvent, { type: Type }>
type Text = (text: string) => string

/** What an execution has done, as text for people: all that must not depend on where it ran, and nothing else. */
export function transcript({ result, events, logs, artifacts }: FixtureEnd): string {
  const text = neutral(events)
  const of = <Type extends WorkflowEvent['type']>(type: Type) => events.filter((event): event is Of<Type> => event.type === type)
  const lines = [`${result.status}, exit code ${result.exitCode}${result.error ? `: ${errorText(result.error, text)}` : ''}`]
  const trees = Map.groupBy(of('unit'), ({ unit }) => unit)
  for (const unit of [...trees.keys()].sort()) {
    lines.push('', unit === '' ? 'workflow' : `unit ${unit}`)
    const own = events.filter((event) => 'unit' in event && event.unit === unit)
    for (const each of lives(own)) lines.push(...stepLines(each.root, each.events, text, '  '))
  }
  for (const name of logs.keys()) lines.push('', `log ${name}`)
  for (const [name, bytes] of artifacts)
    lines.push(
      '',
      `artifact ${name}${/\.(txt|json|xml)$/.test(name) ? `\n${indented(text(bytes.toString('utf8')), '  | ')}` : ''}`,
    )
  return `${lines.join('\n')}\n`
}

/** One that pulls items begins its steps anew for each; one that is tried again begins once more. */
function lives(events: readonly WorkflowEvent[]): { root: UnitNode; events: WorkflowEvent[] }[] {
  const all: { root: UnitNode; events: WorkflowEvent[] }[] = []
  for (const event of events)
    if (event.type === 'unit') all.push({ root: event.root, events: [] })
    else all.at(-1)?.events.push(event)
  return all
}

function stepLines(node: UnitNode, events: readonly WorkflowEvent[], text: Text, indent: string): string[] {
  const own = events.filter((event) => 'ref' in event && event.ref === node.ref)
  const children = (node.children ?? []).flatMap((child) => stepLines(child, events, text, `${indent}  `))
  const title = node.type === 'step' ? `step ${node.name === undefined ? '' : JSON.stringify(node.name)}`.trim() : node.type
  return [`${indent}${title}: ${stepText(own)}`, ...happeningLines(own, text).map((line) => `${indent}  ${line}`), ...children]
}

function stepText(events: readonly WorkflowEvent[]): string {
  const reports = events.filter((event): event is { type: 'step' } & StepReport & WorkflowEvent => event.type === 'step')
  const last = reports.at(-1)
  if (!last) return 'untold'
  const attempts = last.attempt > 1 ? `, attempt ${last.attempt}` : ''
  const code = last.exitCode === undefined ? '' : `, exit code ${last.exitCode}`
  return `${last.status}${code}${attempts}${reports.some(({ status }) => status === 'paused') ? ', paused before' : ''}`
}

function happeningLines(events: readonly WorkflowEvent[], text: Text): string[] {
  const lines: string[] = []
  for (const stream of ['stdout', 'stderr'] as const) {
    const said = events.map((event) => (event.type === 'output' && event.stream === stream ? event.text : '')).join('')
    if (said !== '') lines.push(...indented(text(said), stream === 'stdout' ? '| ' : '! ').split('\n'))
  }
  const more = events.flatMap((event) => {
    if (event.type === 'workers')
      return [`${event.count} workers${event.skipped === undefined ? '' : `: ${text(event.skipped)}`}`]
    if (event.type === 'said') return [`said ${event.name} ${JSON.stringify(event.value)}`]
    if (event.type === 'artifact') return [`artifact ${event.path}`]
    if (event.type === 'report')
      return [`report ${event.kind} ${event.path} ${JSON.stringify({ ...event.summary, durationMs: undefined })}`]
    if (event.type === 'error') return [`error ${errorText(event.error, text)}`]
    return event.type === 'warning' ? [`warning ${errorText(event, text)}`] : []
  })
  return [...lines, ...more.sort(byName), ...workerLines(events, text), ...serviceLines(events)]
}

/** What an executor cannot do it says in its own words; the code is the same. */
const OWN_WORDS = /^(?:COMMAND_NOT_STARTED|SITE_FAILED|IMAGE_UNAVAILABLE|CLONE_FAILED|DOWNLOAD_FAILED|FILE_NOT_\w+)$/
const errorText = ({ code, message }: { code: string; message: string }, text: Text) =>
  OWN_WORDS.test(code) ? code : `${code}: ${text(message)}`
const byName = (a: string, b: string) =>
  /^(?:artifact|report) /.test(a) && /^(?:artifact|report) /.test(b) ? (a < b ? -1 : 1) : 0

function workerLines(events: readonly WorkflowEvent[], text: Text): string[] {
  const all = events.filter(
    (event): event is { type: 'worker'; index: number } & WorkerReport & WorkflowEvent => event.type === 'worker',
  )
  const byIndex = [...Map.groupBy(all, ({ index }) => index)].sort(([a], [b]) => a - b)
  return byIndex.map(([index, reports]) => {
    const { status, error } = reports.at(-1)!
    const description = reports.find((report) => report.description !== undefined)?.description
    return `worker ${index}${description === undefined ? '' : ` (${text(description)})`}: ${status}${error && status !== 'aborted' ? `, ${errorText(error, text)}` : ''}`
  })
}

function serviceLines(events: readonly WorkflowEvent[]): string[] {
  const all = events.filter((event) => event.type === 'service')
  const each = Map.groupBy(all, ({ name, index }) => `service ${name} ${index}`)
  return [...each]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, reports]) => `${name}: ${reports.map(({ status }) => status).join(', ')}`)
}

const indented = (text: string, mark: string) => text.replace(/\n$/, '').replaceAll(/^/gm, mark)

/** Ids, addresses and folders of this machine are different each time. */
function neutral(events: readonly WorkflowEvent[]): Text {
  const id = events.find((event): event is Of<'execution'> => event.type === 'execution')!.id
  return (text) =>
    text
      .replaceAll(/\/[^\s:"',]*\/ew-same-[^\s/]*\/[^\s/]+\/[^\s/]+\/data\b/g, '/data')
      .replaceAll(/\/tmp\/ew-content-\w+/g, '<content>')
      .replaceAll(id, '<id>')
      .replaceAll(/\b(?:127|172|10|192)(?:\.\d+){3}\b(?::\d+)?/g, '<address>')
}
