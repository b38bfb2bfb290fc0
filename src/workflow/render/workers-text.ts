import { counted, workersText } from '../terminal/wording.ts'
import { containerLines, filesText, insideText, probeText, settingsLines } from './details-text.ts'
import type { RenderedNode, RenderedSettings, RenderedWorkers } from './rendered.ts'

/** What is said further out already. */
export interface Around {
  indent: string
  /** The condition of the step in which it stands. */
  around: string
  settings: RenderedSettings
}

/** More than these say nothing new. */
const MOST_PLACES = 20

interface Within extends Around {
  lines(node: RenderedNode, outside: Around): string[]
}

/** Workers, instances of a service, or executions. The first line says how many there are. */
export function workerLines(workers: RenderedWorkers, { indent, settings, lines }: Within): string[] {
  const { name, skipped, first } = workers
  const title = name === 'worker' && first ? '' : `${name}: `
  if (skipped !== undefined) return [`${indent}${title}skipped. ${skipped}`]
  const about = [...partLines(workers), ...settingsLines(workers.settings ?? {}, settings)].map((line) => `${indent}  ${line}`)
  const places = placeLines(workers).map((line) => `${indent}  ${line}`)
  const own = { indent: `${indent}    `, around: 'passed', settings: workers.settings ?? settings }
  const inside = (first?.children ?? []).flatMap((child) => lines(child, own))
  return [
    `${indent}${title}${headText(workers)}`,
    ...about,
    ...places,
    ...(inside.length > 0 ? [`${indent}  ${runsText(workers)}`, ...inside] : []),
  ]
}

/** The others differ by what is theirs. */
const runsText = ({ count }: RenderedWorkers) => (count === undefined ? 'each runs' : count === 1 ? 'it runs' : 'the first runs')

function headText({ count, most, ofEach, open, parallelism, failFast, container, command, first }: RenderedWorkers): string {
  const limit = typeof parallelism === 'number' ? parallelism : Number.POSITIVE_INFINITY
  const noun = first ? 'worker' : container ? 'instance' : 'execution'
  const [line = '', ...more] = (command ?? '').split('\n')
  return [
    count === undefined ? openText({ open, most, limit, noun }) : workersText(count, limit, noun),
    ...(ofEach ? [' of each workflow that has them'] : []),
    ...(typeof parallelism === 'string' ? [`, as many at a time as \`${parallelism}\` says`] : []),
    ...(failFast ? [', the first that fails ends the others'] : []),
    ...(container ? [insideText(container)] : []),
    ...(line === '' ? [] : [`: ${line}${more.length > 0 ? ' …' : ''}`]),
  ].join('')
}

/** Not known yet how many: by what, and what is known all the same. */
function openText({ open = {}, most, limit, noun }: Pick<RenderedWorkers, 'open' | 'most'> & { limit: number; noun: string }) {
  const fields = Object.entries(open).map(([field, expression]) => `${field} = ${expression}`)
  const when = `is known when it runs, by ${fields.join(', ')}`
  const atATime = limit < Math.min(most ?? 1_000, 1_000) ? `, ${limit} at a time` : ''
  return most === undefined ? `how many ${noun}s ${when}${atATime}` : `at most ${counted(most, noun)}${atATime}; how many ${when}`
}

/** All executions of one operation, where their number is known. */
export function executionsText({ workers = [], parallelism = 100 }: RenderedNode): string {
  const isKnown = workers.every(({ count, ofEach }) => count !== undefined && !ofEach)
  if (typeof parallelism === 'string') return `as many at a time as \`${parallelism}\` says`
  if (!isKnown) return parallelism < 100 ? `${parallelism} at a time` : ''
  return workersText(
    workers.reduce((sum, { count = 0 }) => sum + count, 0),
    parallelism,
    'execution',
  )
}

function partLines(workers: RenderedWorkers): string[] {
  const { description, by, dynamic, queues, transfer, fetch, container, config, executionName, tarball, also } = workers
  const pulled = Object.entries(queues ?? {}).map(([list, items]) => `${counted(items.length, 'item')} of ${list}`)
  const from = pulled.length > 0 ? pulled.join(', ') : 'items'
  return [
    ...(description === undefined ? [] : [`"${description}"`]),
    ...(by ? [`shards are cut by duration${workers.places ? ' when it runs; here as if all items took as long' : ''}`] : []),
    ...(dynamic ? [`pull ${from} from one queue, the longest first`] : []),
    ...(transfer ?? []).map((each) => `transfer ${filesText(each)}`),
    ...(fetch ?? []).map((each) => `fetch ${filesText(each)}`),
    ...(container ? [...containerLines(container), ...serviceLines(workers)] : []),
    ...(also ? [`has its own ${also.join(', ')}`] : []),
    ...(workers.logs === undefined ? [] : [`output is kept${workers.logs === 'always' ? '' : ` if ${workers.logs}`}`]),
    ...Object.entries(config ?? {}).map(([key, value]) => `${key} = ${String(value)}`),
    ...(executionName === undefined ? [] : [`as ${executionName}`]),
    ...Object.entries(tarball ?? {}).map(([key, files]) => `tarball ${key}: ${filesText(files)}`),
  ]
}

function serviceLines({ readinessProbe, timeout, ports, restartPolicy }: RenderedWorkers): string[] {
  return [
    `ready: ${readinessProbe ? probeText(readinessProbe) : '15 s after its start'}${timeout === undefined ? '' : `, within ${timeout}`}`,
    ...(ports ? [`ports ${ports.join(', ')}`] : []),
    ...(restartPolicy === undefined ? [] : [`restart ${restartPolicy}`]),
  ]
}

/** Where all are alike but for their number, there is nothing to tell. */
function placeLines({ places = [] }: RenderedWorkers): string[] {
  const isTold = places.length > 1 && places.some(({ matrix, shard }) => Object.keys({ ...matrix, ...shard }).length > 0)
  if (!isTold) return []
  const more = places.length > MOST_PLACES ? [`and ${places.length - MOST_PLACES} more`] : []
  return [...places.slice(0, MOST_PLACES).map(placeText), ...more]
}

function placeText({ index, matrix, shardIndex, shardCount, shard }: NonNullable<RenderedWorkers['places']>[number]): string {
  const parts = [
    ...Object.entries(matrix).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
    ...(shardCount > 1 ? [`shard ${shardIndex} of ${shardCount}`] : []),
    ...Object.entries(shard).map(([key, items]) => `${key}=${JSON.stringify(items)}`),
  ]
  return [`${index}`, ...parts].join('  ')
}
