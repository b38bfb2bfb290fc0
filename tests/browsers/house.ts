import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../../fixtures/browser/server.ts'
import type { Lease } from '../../src/contracts/protocol.ts'
import { leaseReached } from '../../src/pool/lease-reached.ts'
import { type OpenContext, openContext } from '../../src/pool/browsers/open-context.ts'
import { type DriverName, lentProfile } from '../../src/pool/browsers/profile.ts'
import type { DaemonClient } from '../../src/pool/daemon/client.ts'
import { type House, house } from '../daemon/harness.ts'
import { countedBrowser } from '../playwright/browsers.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface HeldBrowser extends OpenContext {
  lease: Lease
  client: DaemonClient
}

export interface CommandRun {
  child: ChildProcess
  /** What it has said on stdout so far. */
  out(): string
  ended: Promise<{ code: number | null; signal: string | null; out: string; err: string }>
}

export interface LendingHouse extends House {
  origin: string
  launches(): number
  temporary(): string[]
  /** A lease through a connection of its own, as another program would have it. */
  hold(name: string, driver?: DriverName): Promise<HeldBrowser>
  everwarm(...args: string[]): CommandRun
}

/** A daemon's home, a server, and a Chromium that counts its launches. */
export async function lendingHouse(env: Record<string, string> = {}): Promise<LendingHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'ew-l-'))
  const TMPDIR = join(folder, 't')
  mkdirSync(TMPDIR)
  const { executablePath, launches } = countedBrowser(folder)
  const at = house({ TMPDIR, HOME: folder, EVERWARM_CHROMIUM: executablePath, ...env })
  const { origin, close } = await startServer()
  const children: ChildProcess[] = []
  const clients: DaemonClient[] = []
  return {
    ...at,
    origin,
    launches,
    temporary: () => readdirSync(TMPDIR),
    async hold(name, driver) {
      const client = await at.connect(`holder of ${name}`)
      clients.push(client)
      const profile = lentProfile({ name, driver, env: at.env, cwd: folder })
      const { lease, there } = await leaseReached(client, { profile, waitMs: 25_000 }, openContext)
      return { lease, client, ...there }
    },
    everwarm(...args) {
      const child = spawn(process.execPath, [MAIN, ...args], { env: at.env, stdio: ['ignore', 'pipe', 'pipe'] })
      children.push(child)
      let [out, err] = ['', '']
      child.stdout.on('data', (chunk) => (out += chunk))
      child.stderr.on('data', (chunk) => (err += chunk))
      const ended = new Promise<Awaited<CommandRun['ended']>>((resolve) =>
        child.once('close', (code, signal) => resolve({ code, signal, out, err })),
      )
      return { child, out: () => out, ended }
    },
    async close() {
      for (const child of children) child.kill('SIGKILL')
      for (const client of clients) await client.close()
      close()
      await at.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
