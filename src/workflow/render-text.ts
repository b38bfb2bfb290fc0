import type { RenderedNode, RenderedWorkers } from './render.ts'

/** What would run, as lines for people. */
export function renderText(node: RenderedNode): string {
  return (node.children ?? []).flatMap((child) => lines(child, '')).join('\n')
}

function lines(node: RenderedNode, indent: string): string[] {
  const [first = '', ...more] = (node.command ?? '').trimEnd().split('\n')
  const title = node.type === 'step' ? (node.name ?? 'step') : node.type
  const marks = [...(node.condition === undefined ? [] : [`if ${node.condition}`]), ...(node.marks ?? [])]
  const image = node.image === undefined ? '' : ` in ${node.image}`
  const later = node.later ? [`${indent}  later: ${node.later.join(', ')}`] : []
  return [
    `${indent}${title}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}${image}${first === '' ? '' : `: ${first}`}`,
    ...more.map((line) => `${indent}    ${line}`),
    ...later,
    ...(node.workers ?? []).flatMap((each) => workerLines(each, `${indent}  `)),
    ...(node.children ?? []).flatMap((child) => lines(child, `${indent}  `)),
  ]
}

/** More than these say nothing new. */
const MOST_PLACES = 20

function workerLines({ name, places, skipped, open, description, first }: RenderedWorkers, indent: string): string[] {
  const about = description === undefined ? '' : ` "${description}"`
  const inside = (first?.children ?? []).flatMap((child) => lines(child, `${indent}    `))
  if (skipped !== undefined) return [`${indent}${name}: skipped. ${skipped}`]
  if (!places) {
    const fields = Object.entries(open ?? {}).map(([field, expression]) => `${field} = ${expression}`)
    return [`${indent}${name}${about}: how many is known when it runs, by ${fields.join(', ')}`, ...inside]
  }
  const shown = places.slice(0, MOST_PLACES).map((place) => `${indent}  ${placeText(place)}`)
  const more = places.length > MOST_PLACES ? [`${indent}  and ${places.length - MOST_PLACES} more`] : []
  const each = places.length === 1 ? [] : [...shown, ...more]
  return [`${indent}${name}${about}: ${places.length}`, ...each, ...(inside.length > 0 ? [`${indent}  runs`, ...inside] : [])]
}

function placeText({ index, matrix, shardIndex, shardCount, shard }: NonNullable<RenderedWorkers['places']>[number]): string {
  const parts = [
    ...Object.entries(matrix).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
    ...(shardCount > 1 ? [`shard ${shardIndex} of ${shardCount}`] : []),
    ...Object.entries(shard).map(([key, items]) => `${key}=${JSON.stringify(items)}`),
  ]
  return [`${index}`, ...parts].join('  ')
}
