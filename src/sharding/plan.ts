import { createHash } from 'node:crypto'
import { EverwarmError } from '../contracts/errors.ts'
import { lowerBound } from './balance.ts'
import type { Snapshot } from './snapshot.ts'
import { DEFAULT_SETTINGS, type Strategy, type StrategySettings } from './strategy.ts'
import type { TestFile } from './test-file.ts'
import { byText } from './timing.ts'

export interface PlannedShard {
  /** From 1, as in `--shard 1/3`. */
  index: number
  /** In the order in which they run. */
  files: TestFile[]
  durationMs: number
}

export interface Plan {
  /** Equal for all shards of a run that were planned from the same files, timings, strategy and count. */
  hash: string
  snapshotHash: string
  strategy: string
  shards: PlannedShard[]
  /** The longest shard, ms: what the run takes if each shard has a machine and works off one file after another. */
  durationMs: number
  /** What no plan can beat, ms: max(longest file, total / shards). */
  lowerBoundMs: number
  totalMs: number
}

export interface PlanRequest {
  /** Of a host, with what is known of them: see `describeFiles`. In any order. */
  files: readonly TestFile[]
  shardCount: number
  strategy: Strategy
  snapshot: Pick<Snapshot, 'hash' | 'newestMs'>
  settings?: Partial<StrategySettings>
}

/**
 * Files into shards. Pure, and the same on every machine.
 * @throws EverwarmError BAD_INPUT for no shards or two files of one id; PLAN_INVALID if the strategy lost or doubled a file
 */
export function plan({ files, shardCount, strategy, snapshot, settings }: PlanRequest): Plan {
  if (!Number.isSafeInteger(shardCount) || shardCount < 1)
    throw badRequest(`A plan needs a whole number of shards from 1, not ${shardCount}.`)
  const inOrder = files.toSorted((a, b) => byText(a.id, b.id))
  const double = inOrder.find((file, i) => i > 0 && inOrder[i - 1]!.id === file.id)
  if (double) throw badRequest(`Two files to plan have the id "${double.id}".`)
  const all: StrategySettings = { ...DEFAULT_SETTINGS, nowMs: snapshot.newestMs, ...settings }
  const shards = strategy.distribute(inOrder, shardCount, all)
  checkComplete(inOrder, shards, shardCount, strategy.name)
  const planned = shards.map((own, i) => ({
    index: i + 1,
    files: own,
    durationMs: own.reduce((ms, file) => ms + file.durationMs, 0),
  }))
  const weights = inOrder.map(({ durationMs }) => durationMs)
  return {
    hash: planHash(inOrder, shardCount, strategy.name, snapshot.hash, all),
    snapshotHash: snapshot.hash,
    strategy: strategy.name,
    shards: planned,
    durationMs: Math.max(...planned.map((shard) => shard.durationMs)),
    lowerBoundMs: lowerBound(weights, shardCount),
    totalMs: weights.reduce((sum, ms) => sum + ms, 0),
  }
}

const badRequest = (message: string) =>
  new EverwarmError('BAD_INPUT', { message, hint: 'This comes from who asked for the plan, not from its files.' })

/** What goes into a plan decides its hash: also guesses from file sizes, which differ where checkouts differ. */
function planHash(
  files: readonly TestFile[],
  shardCount: number,
  strategy: string,
  snapshot: string,
  settings: StrategySettings,
): string {
  const hash = createHash('sha256').update(JSON.stringify([1, snapshot, strategy, shardCount, settings]))
  const lines = files.map(({ id, durationMs, priority, tags }) => JSON.stringify([id, durationMs, priority, tags]))
  return hash.update(lines.join('\n')).digest('hex')
}

function checkComplete(files: readonly TestFile[], shards: readonly TestFile[][], shardCount: number, strategy: string): void {
  const refuse = (what: string) => {
    throw new EverwarmError('PLAN_INVALID', {
      message: `The strategy "${strategy}" ${what}.`,
      hint: 'A strategy puts every file into exactly one of the shards; choose another one, or mend it.',
    })
  }
  if (shards.length !== shardCount) refuse(`made ${shards.length} shards instead of ${shardCount}`)
  const seen = new Set<TestFile>()
  for (const file of shards.flat()) {
    if (seen.has(file)) refuse(`put ${file.id} into two places`)
    seen.add(file)
  }
  const lost = files.find((file) => !seen.has(file))
  if (lost) refuse(`lost ${lost.id}`)
  if (seen.size > files.length) refuse('added files of its own')
}
