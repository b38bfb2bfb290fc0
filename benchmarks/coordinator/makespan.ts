import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout as wait } from 'node:timers/promises'
import type { CoordinatorEvent } from '../../src/contracts/session-events.ts'
import { chance } from '../../tests/coordinator/chaos/chance.ts'
import { witness } from '../../tests/coordinator/chaos/witness.ts'
import { type Figure, quantile, seconds } from './figure.ts'
import { openHouse, TOKEN } from './house.ts'

const CLI = resolve(import.meta.dirname, '../../dist/cli/main.js')
const PLUGIN = resolve(import.meta.dirname, '../../dist/vitest.js')
const MODULES = resolve(import.meta.dirname, '../../node_modules')
const WORKERS = 4
const FILES = 60
const AT_MOST = 1.15

/** Four workers as users start them, with files of Vitest that wait; one is killed in the middle. */
export async function benchMakespan(rounds: number): Promise<Figure[]> {
  const house = await openHouse('embedded')
  const root = mkdtempSync(join(tmpdir(), 'ewb-makespan-'))
  const tests = writeProject(root)
  const workers: ChildProcess[] = []
  const start = (index: number) => {
    const args = ['worker', '--connect', house.url.replace('http', 'ws'), '--dir', root, '--name', `w${index}`]
    const env = { ...process.env, EVERWARM_TOKEN: TOKEN, EVERWARM_HOME: join(root, 'home'), EVERWARM_CACHE: join(root, 'cache') }
    workers[index] = spawn(process.execPath, [CLI, ...args], { env, stdio: 'ignore' })
  }
  const seen = witness(house.client)
  const ratios: number[] = []
  const shown: string[] = []
  try {
    for (let index = 0; index < WORKERS; index++) start(index)
    // The workers' pool is warm in everyday life: once without a death, and without a figure.
    while ((await house.client.health()).idle < WORKERS) await wait(100)
    await seen.ended((await house.client.start({ tests, run: { host: 'vitest' } })).id)
    for (let round = 0; round < Math.min(rounds, 5); round++) {
      while ((await house.client.health()).idle < WORKERS) await wait(100)
      const { id } = await house.client.start({ tests, config: { strategy: 'duration' }, run: { host: 'vitest' } })
      while (doneMs(tests, seen.of(id)) < totalMs(tests) / 2) await wait(20)
      const victim = Math.floor(chance(round)() * WORKERS)
      const victimId = (await house.client.workers()).find(({ name, isConnected }) => isConnected && name === `w${victim}`)!.id
      const killedAt = Date.now()
      workers[victim]!.kill('SIGKILL')
      const boundMs = lowerBoundMs(tests, seen.of(id), victimId, killedAt)
      await seen.ended(id)
      const session = await house.client.session(id)
      if (session.progress.passed !== FILES) throw new Error(`${session.progress.passed} green of ${FILES}.`)
      const tookMs = Date.parse(session.finishedAt!) - killedAt
      ratios.push(tookMs / boundMs)
      shown.push(`${seconds(tookMs)} over ${seconds(boundMs)}`)
      console.log(`  round ${round + 1}: ${shown.at(-1)}`)
      start(victim)
    }
  } finally {
    for (const worker of workers) worker.kill('SIGKILL')
    const home = { ...process.env, EVERWARM_HOME: join(root, 'home'), EVERWARM_CACHE: join(root, 'cache') }
    spawnSync(process.execPath, [CLI, 'pool', 'stop'], { env: home, stdio: 'ignore' })
    await seen.close()
    await house.close()
    rmSync(root, { recursive: true, force: true })
  }
  const value = quantile(ratios, 0.5)
  return [
    {
      title: `${FILES} files of Vitest on ${WORKERS} workers, one killed midway: time left over its lower bound, median of ${ratios.length}`,
      shown: `${value.toFixed(3)} (${shown.join('; ')})`,
      value,
      target: { atMost: AT_MOST },
    },
  ]
}

interface Waiting {
  id: string
  path: string
  duration: number
}

/** Skewed: most are short, a few take up to 4 s. They wait and do not compute, so that two cores carry four workers. */
function writeProject(root: string): Waiting[] {
  symlinkSync(MODULES, join(root, 'node_modules'))
  mkdirSync(join(root, 'tests'))
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(root, 'vitest.config.js'),
    `import { everwarm } from '${pathToFileURL(PLUGIN).href}'\nexport default { plugins: [everwarm()], test: { watch: false } }`,
  )
  const uniform = chance(8632)
  return Array.from({ length: FILES }, (_, i) => {
    const duration = Math.round(200 + 3_800 * uniform() ** 3)
    const path = `tests/f${i}.test.js`
    const body = `import { test } from 'vitest'\ntest('waits', () => new Promise((resolve) => setTimeout(resolve, ${duration})))\n`
    writeFileSync(join(root, path), body)
    return { id: path, path, duration }
  })
}

const totalMs = (tests: readonly Waiting[]) => tests.reduce((sum, { duration }) => sum + duration, 0)

function doneMs(tests: readonly Waiting[], events: readonly CoordinatorEvent[]): number {
  const done = new Set(events.flatMap(({ type, data }) => (type === 'test:completed' ? [data['testId']] : [])))
  return totalMs(tests.filter(({ id }) => done.has(id)))
}

/** What is left, at best: files at work elsewhere go on, that of the lost worker begins anew. */
function lowerBoundMs(tests: readonly Waiting[], events: readonly CoordinatorEvent[], lostWorker: string, atMs: number): number {
  const done = new Set(events.flatMap(({ type, data }) => (type === 'test:completed' ? [data['testId']] : [])))
  const left = tests
    .filter(({ id }) => !done.has(id))
    .map(({ id, duration }) => {
      const begun = events.find(
        ({ type, data }) => type === 'test:started' && data['testId'] === id && data['workerId'] !== lostWorker,
      )
      return begun ? Math.max(0, duration - (atMs - Date.parse(begun.at))) : duration
    })
  return Math.max(...left, left.reduce((sum, ms) => sum + ms, 0) / (WORKERS - 1))
}
