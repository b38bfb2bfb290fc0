import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const CLI = resolve(import.meta.dirname, '../../dist/cli/main.js')

/** A daemon of this checkout, with a home of its own. */
export interface House {
  folder: string
  env: Record<string, string>
  status(): Status
  /** Path of the compiled client. */
  client(): string
  end(): void
}

interface Status {
  daemon: { pid: number } | null
  hosts: { environment: string; state: string; pid: number }[]
}

export function openHouse(more: Record<string, string> = {}): House {
  const folder = mkdtempSync(join(tmpdir(), 'ewb-'))
  const env: Record<string, string> = {
    ...(process.env as Record<string, string>),
    EVERWARM_HOME: join(folder, 'h'),
    EVERWARM_CACHE: join(folder, 'c'),
    ...more,
  }
  delete env['EVERWARM']
  const cli = (...args: string[]) =>
    execFileSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return {
    folder,
    env,
    status: () => JSON.parse(cli('pool', 'status', '--json')) as Status,
    client: () => cli('client').trim(),
    end() {
      cli('pool', 'stop')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Waits until it holds, and then until the machine has come to rest. */
export async function untilRested(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !holds(); tries += 1) await wait(200)
  await wait(1_200)
}
