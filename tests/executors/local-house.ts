import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalExecutor, type LocalOptions } from '../../src/executors/local/local-executor.ts'
import type { ContractHouse } from './contract-house.ts'

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

/** For other processes, which the test tells its folder. */
export const openForContract = async () => localHouse(process.env['CONTRACT_ROOT']!)
