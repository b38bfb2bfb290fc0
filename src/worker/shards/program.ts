#!/usr/bin/env node
// `everwarm-shard`: runs shards. Reads `ShardInput` lines, prints `ShardOutput` lines (contracts/shard-run.ts), and ends
// when its input does. Started by a worker, once for each session; `--input TEXT…` instead of input, for one order.
import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ShardInput } from '../../contracts/shard-run.ts'
import { lineCutter } from '../../system/lines.ts'
import { groupReaper } from '../reaper.ts'
import { resultCompleter } from './complete.ts'
import { fitLine } from './fit-line.ts'
import { openHost } from './open-host.ts'
import { publisher } from './publish.ts'
import { shardDesk } from './shard-desk.ts'
import { shardLogKeeper } from './shard-log.ts'

const {
  EVERWARM_WORKER_API: base,
  EVERWARM_WORKER_CREDENTIAL: firstCredential,
  EVERWARM_WORKER_ALLOW: allow,
  EVERWARM_WORKER_VIEWS: viewFolder,
  ...env
} = process.env
const scratch = mkdtempSync(join(realpathSync(tmpdir()), 'everwarm-shard-'))
const reaper = groupReaper(scratch)
const post = process.send?.bind(process)
let credential = firstCredential ?? ''
const artifacts = base && credential ? publisher({ base, credential: () => credential }) : undefined
const warn = (line: string) => void process.stderr.write(`${line}\n`)

const desk = shardDesk({
  say: (output) => void process.stdout.write(fitLine(output)),
  openHost: (run) =>
    openHost(run, { directory: realpathSync('.'), allowed: allowedCommands(), env, scratch, viewFolder, reaper }),
  complete: resultCompleter(artifacts, warn),
  keepLog: shardLogKeeper(artifacts, warn),
  onHeld: (running) => void (process.connected && post?.({ running }, undefined, undefined, () => {})),
})

// The worker's credential is renewed while a session runs, and what is published goes by it.
process.on('message', (message: { credential?: unknown }) => {
  if (typeof message?.credential === 'string') credential = message.credential
})
// The worker is gone. What runs for it ends with the reaper's input, which is ours.
process.on('disconnect', () => end(1))
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(1))
// Who does not read on has gone.
process.stdout.on('error', () => end(1))

const [option, ...pieces] = process.argv.slice(2)
if (option === '--input') {
  take(pieces.join(''))
  await finish()
} else {
  process.stdin.on('data', lineCutter(take)).once('end', () => void finish())
}

function take(line: string): void {
  if (line.trim() === '') return
  try {
    desk.take(ShardInput.parse(JSON.parse(line)))
  } catch (error) {
    // The rest of a line that a lost connection has cut, or something that nobody means.
    process.stderr.write(`everwarm-shard: a line of input is none of a shard’s: ${(error as Error).message.slice(0, 500)}\n`)
  }
}

async function finish(): Promise<void> {
  await desk.finish()
  process.stdout.write('', () => end(0))
}

function end(code: number): void {
  process.exit(code)
}

function allowedCommands(): string[] {
  try {
    const allowed: unknown = JSON.parse(allow ?? '[]')
    return Array.isArray(allowed) ? allowed.filter((name) => typeof name === 'string') : []
  } catch {
    // Set by somebody else than a worker: nothing is allowed.
    return []
  }
}
