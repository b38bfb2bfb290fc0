import { EverwarmError } from '../contracts/errors.ts'

/** What travels with a shard's results. */
export interface PlanMark {
  /** From 1. */
  index: number
  count: number
  planHash: string
}

/**
 * Refuses to merge what does not belong together: shards of different plans lose tests or run them twice.
 * @throws EverwarmError PLAN_MISMATCH that names the shards
 */
export function checkSamePlan(marks: readonly PlanMark[]): void {
  const [first] = marks
  if (!first) return
  const other = marks.find((mark) => mark.planHash !== first.planHash || mark.count !== first.count)
  if (other) throw mismatch(`${shown(other)} was split by another plan (${short(other)}) than ${shown(first)} (${short(first)})`)
  const indexes = marks.map(({ index }) => index)
  const twice = indexes.find((index, i) => indexes.indexOf(index) !== i)
  if (twice !== undefined) throw mismatch(`Shard ${twice}/${first.count} is there twice`)
  const missing = Array.from({ length: first.count }, (_, i) => i + 1).filter((index) => !indexes.includes(index))
  if (missing.length > 0)
    throw mismatch(`Of ${first.count} shards ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`)
}

const shown = ({ index, count }: PlanMark) => `Shard ${index}/${count}`
const short = ({ planHash }: PlanMark) => planHash.slice(0, 8)
const mismatch = (what: string) =>
  new EverwarmError('PLAN_MISMATCH', {
    message: `${what}.`,
    hint: 'Give all shards the same timings (one cache key, or one committed file) and the same commit, and run them again.',
  })
