// The program of a child for Vitest, in Node, bun or deno: started by the daemon or by Vitest's own process, never by hand.
// It loads the worker's side of Vitest ahead, serves one holder, and ends with it.
import { readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type ChildBegin, LINE } from '../../../contracts/child-wire.ts'
import type { DaemonToHost, HostToDaemon } from '../../../contracts/host-wire.ts'
import { fromLine, toLine } from '../../../system/portable.ts'
import { asJson, LastWords, type RunnerRequest, type RunnerState } from '../last-words.ts'
import { type ChildLink, channelLink, socketLink } from './link.ts'

type VitestWorker = typeof import('vitest/worker')
type Boot = Extract<DaemonToHost, { kind: 'boot-child' }>

// Test code may replace or spy on any of these.
const { env } = process
const exit = process.exit.bind(process)
const send = process.send!.bind(process)
const on = process.on.bind(process)
const off = process.off.bind(process)
const chdir = process.chdir.bind(process)
const rssBytes = process.memoryUsage.bind(process)

const tell = (message: HostToDaemon) => send(message)

on('message', first)
on('disconnect', () => exit(0))

/** Only what comes before Vitest's own messages is for this. */
function first(message: unknown): void {
  if ((message as DaemonToHost).kind !== 'boot-child') return
  off('message', first)
  boot(message as Boot).catch((error: unknown) =>
    tell({ kind: 'boot-failed', message: String((error as Error)?.message ?? error) }),
  )
}

async function boot({ address, vitestPackage }: Boot): Promise<void> {
  // The daemon has a reaper for its own.
  if (address === null) guard()
  const vitest = (await import(workerEntry(vitestPackage))) as VitestWorker
  const link = address === null ? channelLink({ on, send }) : await socketLink(address, { on })
  // Nobody else would find the file of a child that has no address.
  const words = address === null ? undefined : new LastWords(address, () => ({ sent: 0, frames: [] }), asJson)
  link.onLine = (line) => begin(JSON.parse(line.slice(1)) as ChildBegin, vitest, link, words)
  link.onGone = () => exit(0)
  tell({ kind: 'ready', rssBytes: rssBytes().rss, heapBytes: 0 })
}

function guard(): void {
  const guardian = new URL(`./guardian${extname(import.meta.url)}`, import.meta.url)
  new Worker(guardian, { workerData: { parentPid: process.ppid }, execArgv: [] }).unref()
}

/** The public `vitest/worker` of this Vitest, whatever a bare name would lead to from here. */
function workerEntry(vitestPackage: string): string {
  const { exports } = JSON.parse(readFileSync(vitestPackage, 'utf8')) as { exports: Record<string, { default: string }> }
  const entry = exports['./worker']?.default
  if (entry === undefined) throw new Error(`${vitestPackage} has no export "./worker", which children need`)
  return pathToFileURL(join(dirname(vitestPackage), entry)).href
}

function begin(
  about: ChildBegin,
  { init, runBaseTests, setupEnvironment }: VitestWorker,
  link: ChildLink,
  words: LastWords | undefined,
): void {
  for (const name of Object.keys(env)) if (!(name in about.env)) delete env[name]
  Object.assign(env, about.env)
  chdir(about.cwd)
  // Vitest's worker listens, and its birpc does.
  const listeners = new Set<(message: unknown) => void>()
  link.onLine = (line) => {
    if (line[0] === LINE.ping) link.send(LINE.ping)
    else if (line[0] === LINE.vitest) {
      const message = fromLine(line.slice(1))
      if ((message as { __vitest_worker_request__?: boolean }).__vitest_worker_request__) words?.expect(message as RunnerRequest)
      for (const listener of listeners) listener(message)
    }
  }
  init({
    post: (message) => link.send(LINE.vitest + toLine(message)),
    on: (callback) => listeners.add(callback),
    off: (callback) => listeners.delete(callback),
    serialize: (value) => value,
    deserialize: (value) => value,
    setup: setupEnvironment,
    runTests(state, traces) {
      words?.watchRunner(state as RunnerState)
      return runBaseTests('run', state, traces)
    },
    collectTests: (state, traces) => runBaseTests('collect', state, traces),
  })
}
