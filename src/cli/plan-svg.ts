import type { PlanReport } from './plan-text.ts'
import { above, time } from './plan-text.ts'
import { count } from './table.ts'

const WIDTH = 960
const LEFT = 88
const RIGHT = 92
const TOP = 84
const PLOT = WIDTH - LEFT - RIGHT

const STYLE = `
  svg { background: #fff; color: #1c2128; font: 12px ui-sans-serif, system-ui, sans-serif }
  text { fill: currentColor } .title { font-size: 16px; font-weight: 600 } .dim { opacity: .68 }
  .file { fill: #3b76c4; stroke: #fff; stroke-width: .75 } .longest { fill: #1f4f8f } .unknown { fill: #c98a1b }
  .bound { stroke: #b3261e; stroke-width: 1.5; stroke-dasharray: 5 3 } .tick { stroke: currentColor; opacity: .14 }
  @media (prefers-color-scheme: dark) {
    svg { background: #14181d; color: #e3e8ee } .file { fill: #6ea2e6; stroke: #14181d } .longest { fill: #a9cbf7 }
    .unknown { fill: #dfab4c } .bound { stroke: #ff8a80 }
  }`

/** A timeline: a row per shard, a box per file as wide as its time, and the lower bound. Names appear on pointing. */
export function planSvg(report: PlanReport): string {
  const { shards, durationMs, lowerBoundMs } = report
  const row = Math.max(6, Math.min(24, Math.floor(960 / shards.length)))
  const height = TOP + shards.length * row + 48
  const x = (ms: number) => LEFT + (durationMs === 0 ? 0 : (ms / durationMs) * PLOT)
  const bottom = TOP + shards.length * row
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(labelOf(report))}">`,
    `<style>${STYLE}\n</style>`,
    heading(report),
    ...ticks(durationMs).map(
      (ms) =>
        `<line class="tick" x1="${px(x(ms))}" y1="${TOP - 6}" x2="${px(x(ms))}" y2="${bottom + 4}"/><text class="dim" x="${px(x(ms))}" y="${bottom + 18}" text-anchor="middle">${ms === 0 ? '0' : time(ms)}</text>`,
    ),
    ...shards.map((shard, i) => shardRow(report, shard, { y: TOP + i * row, height: row, x })),
    `<line class="bound" x1="${px(x(lowerBoundMs))}" y1="${TOP - 10}" x2="${px(x(lowerBoundMs))}" y2="${bottom + 4}"/>`,
    `<text x="${px(x(lowerBoundMs))}" y="${TOP - 14}" text-anchor="end">lower bound ${time(lowerBoundMs)}</text>`,
    legend(report, bottom + 38),
    '</svg>',
    '',
  ].join('\n')
}

const labelOf = ({ files, shardCount, strategy, durationMs, over }: PlanReport) =>
  `${count(files.count, 'file')} on ${count(shardCount, 'shard')} by ${strategy}: ${time(durationMs)}, ${above(over)} the lower bound`

function heading(report: PlanReport): string {
  return [
    `<text class="title" x="${LEFT}" y="28">${escaped(`${count(report.files.count, 'file')} on ${count(report.shardCount, 'shard')}, by ${report.strategy}`)}</text>`,
    `<text class="dim" x="${LEFT}" y="47">${escaped(`${time(report.durationMs)}, ${above(report.over)} the lower bound; ${time(report.totalMs)} of tests`)}</text>`,
  ].join('\n')
}

interface Row {
  y: number
  height: number
  x(ms: number): number
}

function shardRow(
  { longestFile }: PlanReport,
  { index, durationMs, files }: PlanReport['shards'][number],
  { y, height, x }: Row,
): string {
  let atMs = 0
  const boxes = files.map((file) => {
    const from = x(atMs)
    atMs += file.durationMs
    const name = file.project === '' ? file.path : `[${file.project}] ${file.path}`
    const isLongest = file.path === longestFile.path && file.project === longestFile.project
    const kind = !file.isMeasured ? ' unknown' : isLongest ? ' longest' : ''
    const box = `x="${px(from)}" y="${y + 1}" width="${px(Math.max(0.3, x(atMs) - from))}" height="${height - 2}"`
    return `<rect class="file${kind}" ${box}><title>${escaped(`${name}: ${time(file.durationMs)}${file.isMeasured ? '' : ', a guess'}`)}</title></rect>`
  })
  const middle = y + height / 2 + 4
  // Smaller rows have no place for a line of text each.
  const hasText = height >= 13
  return [
    ...(hasText ? [`<text x="${LEFT - 10}" y="${middle}" text-anchor="end">shard ${index}</text>`] : []),
    ...boxes,
    ...(hasText ? [`<text class="dim" x="${WIDTH - RIGHT + 10}" y="${middle}">${time(durationMs)}</text>`] : []),
  ].join('\n')
}

function legend({ files }: PlanReport, y: number): string {
  const entries = [
    ['longest', 'the longest file'],
    ...(files.measured < files.count ? [['unknown', `never ran, a guess (${files.count - files.measured})`]] : []),
  ]
  return entries
    .map(
      ([kind, label], i) =>
        `<rect class="file ${kind}" x="${LEFT + i * 150}" y="${y - 9}" width="10" height="10"/><text class="dim" x="${LEFT + 15 + i * 150}" y="${y}">${label}</text>`,
    )
    .join('\n')
}

/** Four to eight round times from 0 to the end, the end itself left out. */
function ticks(durationMs: number): number[] {
  if (durationMs <= 0) return []
  const rough = durationMs / 6
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((ms) => ms >= rough)!
  return Array.from({ length: Math.floor((durationMs * 0.97) / step) + 1 }, (_, i) => i * step)
}

const px = (value: number) => String(Math.round(value * 100) / 100)
const escaped = (text: string) => text.replaceAll(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
