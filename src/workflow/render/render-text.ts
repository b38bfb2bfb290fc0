import { artifactsText, containerLines, fileText, gitText, insideText } from './details-text.ts'
import type { RenderedNode, RenderedSettings } from './rendered.ts'
import { type Around, executionsText, workerLines } from './workers-text.ts'

/** What would run, as lines for people. */
export function renderText(root: RenderedNode, settings: RenderedSettings = {}): string {
  const lines = (root.children ?? []).flatMap((child) => nodeLines(child, { indent: '', around: 'passed', settings }))
  return lines.join('\n')
}

export function nodeLines(node: RenderedNode, outside: Around): string[] {
  // That they end is said by their beginning.
  if (node.type === 'services-stop' && !node.logs) return []
  const { indent } = outside
  const [first = '', ...more] = commandOf(node).trimEnd().split('\n')
  const within = {
    ...outside,
    indent: `${indent}  `,
    around: node.type === 'step' ? (node.condition ?? 'passed') : outside.around,
  }
  const marks = marksOf(node, outside.around)
  const head = [titleOf(node), marks.length > 0 ? ` (${marks.join(', ')})` : '', node.container ? insideText(node.container) : '']
  const isJoined = node.type === 'parallel'
  const workers = (node.workers ?? []).map((each) =>
    workerLines(each, { ...within, indent: isJoined ? indent : within.indent, lines: nodeLines }),
  )
  const [joined] = isJoined ? workers : []
  return [
    `${indent}${head.join('')}${first === '' ? '' : `: ${first}`}${joined ? `: ${joined[0]!.trim()}` : ''}`,
    ...more.map((line) => `${indent}    ${line}`),
    ...(node.container ? containerLines(node.container) : []).map((line) => `${indent}  ${line}`),
    ...(node.later ? [`${indent}  later: ${node.later.join(', ')}`] : []),
    ...(joined ? joined.slice(1) : workers.flat()),
    ...(node.children ?? []).flatMap((child) => nodeLines(child, within)),
  ]
}

const titleOf = ({ type, name }: RenderedNode) => (type === 'step' ? (name ?? 'step') : type)

function commandOf(node: RenderedNode): string {
  const { type, command = '', git, files, artifacts, logs } = node
  if (type === 'execute') return executionsText(node)
  if (git) return gitText(git)
  if (files) return files.map(fileText).join(', ')
  if (artifacts) return artifactsText(artifacts)
  if (logs)
    return Object.entries(logs)
      .map(([name, when]) => `keeps the output of ${name}${when === 'always' ? '' : ` if ${when}`}`)
      .join(', ')
  return command
}

function marksOf(node: RenderedNode, around: string): string[] {
  const { condition, optional, negative, paused, pure, retry, timeout, async } = node
  return [
    ...(condition === undefined || isSaid(node, around) ? [] : [`if ${condition}`]),
    ...(optional ? ['optional'] : []),
    ...(negative ? ['negative'] : []),
    ...(paused ? ['paused'] : []),
    ...(pure ? ['pure'] : []),
    ...(retry ? [`retry ${retry.count}${retry.until === 'passed' ? '' : ` until ${retry.until}`}`] : []),
    ...(timeout === undefined ? [] : [`timeout ${timeout}`]),
    ...(async ? ['only started'] : []),
  ]
}

/** An operation has the condition of its step; artifacts and the end of services are always there, too. */
const isSaid = ({ type, condition }: RenderedNode, around: string) =>
  type !== 'step' && (condition === around || condition === `always && (${around})` || isByItself(type, condition))
const isByItself = (type: string, condition: string | undefined) =>
  condition === 'always' && (type === 'artifacts' || type === 'services-stop')
