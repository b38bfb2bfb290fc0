import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../../fixtures/browser/server.ts'
import { type ClientProcess, clientProcess, type House, house, processesWith } from '../daemon/harness.ts'

const BROWSE = fileURLToPath(new URL('./clients/browse.ts', import.meta.url))
export const CHROMIUM = process.env.EVERWARM_CHROMIUM ?? '/usr/bin/chromium'

export interface BrowserHouse extends House {
  origin: string
  /** Starts Chromium and writes down that it did. */
  executablePath: string
  launches(): number
  /** What is in the folder for temporary files of clients, daemon and browsers. */
  temporary(): string[]
  browse(order: object): ClientProcess
}

/** A daemon's home, a server, and a browser that counts its launches. */
export async function browserHouse(env: Record<string, string> = {}, name?: string): Promise<BrowserHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'ew-b-'))
  const TMPDIR = join(folder, 't')
  mkdirSync(TMPDIR)
  const at = house({ TMPDIR, ...env }, name)
  const { origin, close } = await startServer()
  const { executablePath, launches } = countedBrowser(folder)
  const clients: ClientProcess[] = []
  return {
    ...at,
    origin,
    executablePath,
    launches,
    temporary: () => readdirSync(TMPDIR),
    browse(order) {
      const client = clientProcess(
        BROWSE,
        { ...at.env, HOME: process.env.HOME ?? '' },
        { act: 'nothing', ending: 'close', origin, executablePath, ...order },
      )
      clients.push(client)
      return client
    },
    async close() {
      for (const { child } of clients) child.kill('SIGKILL')
      close()
      await at.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The process of the one browser with its profile below this folder. Those that it starts name it too, some with lower numbers. */
export function browserIn(folder: string): number {
  const [pid] = processesWith(`user-data-dir=${folder}`, '--type=')
  return pid!
}

/** A wrapper around the browser that counts how often it is started. */
export function countedBrowser(folder: string, program = CHROMIUM): { executablePath: string; launches(): number } {
  const executablePath = join(folder, 'browser.sh')
  const log = join(folder, 'launches')
  writeFileSync(log, '')
  writeFileSync(executablePath, `#!/bin/sh\necho launch >> '${log}'\nexec '${program}' "$@"\n`, { mode: 0o755 })
  return { executablePath, launches: () => readFileSync(log, 'utf8').split('\n').length - 1 }
}
