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
  if (marks.some((mark) => planOf(mark) !== planOf(first))) throw mismatch(`${groupsOf(marks)}: these do not belong together`)
  const indexes = marks.map(({ index }) => index)
  const twice = indexes.find((index, i) => indexes.indexOf(index) !== i)
  if (twice !== undefined) throw mismatch(`Shard ${twice}/${first.count} is there twice`)
  const missing = Array.from({ length: first.count }, (_, i) => i + 1).filter((index) => !indexes.includes(index))
  if (missing.length > 0)
    throw mismatch(`Of ${first.count} shards ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`)
}

const planOf = ({ planHash, count }: PlanMark) => `${planHash} ${count}`

/** The plan of most shards first: "Shards 1/3, 3/3 were split by plan 655953c1, shard 2/3 by plan e39f6186". */
function groupsOf(marks: readonly PlanMark[]): string {
  const groups = [...Map.groupBy(marks, planOf).values()].sort((a, b) => b.length - a.length)
  return groups
    .map((group, i) => {
      const shards = group.map(({ index, count }) => `${index}/${count}`).sort()
      const noun = `${i === 0 ? 'S' : 's'}hard${shards.length > 1 ? 's' : ''}`
      const verb = i > 0 ? '' : shards.length > 1 ? ' were split' : ' was split'
      return `${noun} ${shards.join(', ')}${verb} by plan ${group[0]!.planHash.slice(0, 8)}`
    })
    .join(', ')
}

const mismatch = (what: string) =>
  new EverwarmError('PLAN_MISMATCH', {
    message: `${what}.`,
    hint: 'Give all shards the same timings (one cache key, or one committed file) and the same commit, and run them again.',
  })
