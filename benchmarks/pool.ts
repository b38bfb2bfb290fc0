import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

const THIS_CHECKOUT = resolve(import.meta.dirname, '..')

/** The part of `everwarm pool status --json` that is read here. */
export interface Status {
  daemon: { pid: number }
  hosts: { environment: string; state: string; files: number; rssBytes: number }[]
  totals: { files: number }
}

export interface WarmthOptions {
  /** A folder with everwarm among its packages; else it is that of this checkout, as built. */
  project?: string
  env?: Record<string, string>
}

/** A daemon and caches of their own, so that neither the user's nor an older run's are met. */
export class Warmth {
  readonly folder = mkdtempSync(join(tmpdir(), 'ewb-'))
  readonly env: Record<string, string>
  readonly #cli: string

  constructor({ project, env }: WarmthOptions = {}) {
    this.#cli = join(project === undefined ? THIS_CHECKOUT : join(project, 'node_modules/everwarm'), 'dist/cli/main.js')
    this.env = {
      ...(process.env as Record<string, string>),
      EVERWARM_HOME: join(this.folder, 'h'),
      EVERWARM_CACHE: join(this.folder, 'c'),
      ...env,
    }
    delete this.env['EVERWARM']
  }

  /** null without a daemon. */
  async status(): Promise<Status | null> {
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [this.#cli, 'pool', 'status', '--json'], { env: this.env })
      const status = JSON.parse(stdout) as Status | { daemon: null }
      return status.daemon === null ? null : status
    } catch {
      // The command fails when no daemon runs.
      return null
    }
  }

  /** Path of the compiled client. */
  client(): string {
    return execFileSync(process.execPath, [this.#cli, 'client'], { env: this.env, encoding: 'utf8' }).trim()
  }

  /** Waits until it holds, and then until the machine has come to rest. */
  async untilRested(holds: (status: Status) => boolean): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const status = await this.status()
      if (status && holds(status)) break
      await wait(200)
    }
    await wait(1_200)
  }

  end() {
    try {
      execFileSync(process.execPath, [this.#cli, 'pool', 'stop'], { env: this.env, stdio: 'ignore', timeout: 15_000 })
    } catch {
      // No daemon runs any more.
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}
