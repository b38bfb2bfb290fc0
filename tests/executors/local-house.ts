import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalExecutor, type LocalOptions } from '../../src/executors/local/local-executor.ts'
import type { Site } from '../../src/executors/executor.ts'
import { type ContractHouse, newId, openSite, run } from './contract-house.ts'

/** Of the processes whose environment has it; zombies are none. */
export function processesMarked(mark: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return `\0${readFileSync(`/proc/${name}/environ`, 'latin1')}`.includes(`\0${mark}\0`)
    } catch {
      // It has ended in between.
      return false
    }
  })
}

/** Numbers of the processes that were called so, words between blanks. */
export function processesCalled(words: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim() === words
    } catch {
      // It has ended in between.
      return false
    }
  })
}

export function localHouse(root: string, options: LocalOptions = {}): ContractHouse & { root: string } {
  const executor = createLocalExecutor({ root, ...options })
  return {
    root,
    executor,
    container: {},
    node: process.execPath,
    left: async (id) => ({
      running: processesMarked(`WORKFLOW_EXECUTION=${id}`),
      kept: existsSync(join(root, id)) ? [join(root, id)] : [],
    }),
    close: () => executor.close(),
  }
}

/** A folder of its own for all executions of a test. */
export function newRoot(): { root: string; remove(): void } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-local-')))
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}

/** Runs commands until a spawner begins them. @returns its pid */
export async function useSpawner(site: Site): Promise<number> {
  for (;;) {
    const { stdout } = await run(site, {}, 'printf %s $PPID')
    if (Number(stdout) !== process.pid) return Number(stdout)
  }
}

/** For other processes, which the test tells its folder, and whether a spawner is to begin what they run. */
export async function openForContract(): Promise<ContractHouse> {
  const house = localHouse(process.env['CONTRACT_ROOT']!)
  if (process.env['CONTRACT_SPAWNER'] === undefined) return house
  const room = await house.executor.open({ id: newId('w'), workflow: 'warm' })
  await useSpawner(await openSite(room, {}))
  await room.close()
  return house
}
