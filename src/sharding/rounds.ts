import { createHash, randomBytes } from 'node:crypto'
import { closeSync, linkSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, writeAtomically } from '../system/files.ts'
import { parseSnapshot, type Snapshot } from './snapshot.ts'

/** Which shard of which run asks. */
export interface ShardRequest {
  /** From 1. */
  index: number
  count: number
  /** Any text that is the same for all shards of a run and says what they split: its files, its host, its strategy. */
  subject: string
  /** The run's id on a CI system; undefined on a desk. */
  runId?: string
}

/**
 * Shards that run one after the other on one machine would each see the timings that the one before has written, split
 * differently, and lose tests. So the first shard of a round lays down a snapshot, and the others find it: until each shard
 * has started once, or twelve hours have passed. With a run's id, all shards with that id share one for a week.
 * @param folder the timing store's folder
 * @param take what is known now; called only by the first
 */
export function snapshotOfRound(folder: string, request: ShardRequest, take: () => Snapshot, nowMs = Date.now()): Snapshot {
  const rounds = join(folder, 'rounds')
  makeFolder(rounds)
  const key = createHash('sha256')
    .update(JSON.stringify([request.count, request.subject, request.runId ?? null]))
    .digest('hex')
    .slice(0, 20)
  const limitMs = request.runId === undefined ? ROUND_MS : RUN_MS
  for (;;) {
    const newest = readdirSync(rounds).reduce((max, name) => Math.max(max, numberOf(name, key)), 0)
    const current = join(rounds, `${key}.${newest}`)
    const isOpen = newest > 0 && isUnderway(current, request, nowMs - limitMs)
    const snapshot = isOpen ? stored(folder, current) : begin(folder, join(rounds, `${key}.${newest + 1}`), take())
    // Another shard began it at this moment, or it was tidied away: look again.
    if (!snapshot) continue
    mark(`${isOpen ? current : join(rounds, `${key}.${newest + 1}`)}.started-${request.index}`)
    if (!isOpen) tidy(folder, nowMs)
    return snapshot
  }
}

const ROUND_MS = 12 * 3_600_000
const RUN_MS = 7 * 24 * 3_600_000

function numberOf(name: string, key: string): number {
  const [own, number, more] = name.split('.')
  return own === key && more === undefined && /^\d{1,15}$/.test(number ?? '') ? Number(number) : 0
}

function isUnderway(path: string, { count, runId }: ShardRequest, sinceMs: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found || found.mtimeMs < sinceMs) return false
  if (runId !== undefined) return true
  return Array.from({ length: count }, (_, i) => i + 1).some(
    (index) => !statSync(`${path}.started-${index}`, { throwIfNoEntry: false }),
  )
}

/** undefined: the snapshot is gone or damaged, and so the round is no more. */
function stored(folder: string, round: string): Snapshot | undefined {
  try {
    const hash = readFileSync(round, 'utf8')
    const snapshot = parseSnapshot(readFileSync(snapshotPath(folder, hash), 'utf8'), round)
    if (snapshot.hash === hash) return snapshot
  } catch {
    // Below.
  }
  rmSync(round, { force: true })
  return undefined
}

/** undefined: another one has begun it. */
function begin(folder: string, round: string, snapshot: Snapshot): Snapshot | undefined {
  makeFolder(join(folder, 'snapshots'))
  writeAtomically(snapshotPath(folder, snapshot.hash), snapshot.text)
  const draft = `${round}.${randomBytes(6).toString('hex')}.draft`
  writeFileSync(draft, snapshot.hash, { flag: 'wx' })
  try {
    linkSync(draft, round)
    return snapshot
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

const snapshotPath = (folder: string, hash: string) => join(folder, 'snapshots', `${hash}.jsonl`)
const mark = (path: string) => closeSync(openSync(path, 'a'))

function tidy(folder: string, nowMs: number): void {
  for (const part of ['rounds', 'snapshots'])
    for (const name of readdirSync(join(folder, part))) {
      const path = join(folder, part, name)
      if (nowMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs) > 2 * RUN_MS) rmSync(path, { force: true })
    }
}
