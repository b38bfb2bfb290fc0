import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'

/** The part of `everwarm pool status --json` that is read here. */
export interface Status {
  daemon: { pid: number }
  hosts: { hostId: string; files: number; rssBytes: number; leases: number }[]
  totals: { files: number }
}

/** A daemon and caches of their own, so that neither the user's nor an older run's are met. */
export class Warmth {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ewb-'))
  readonly env: NodeJS.ProcessEnv
  readonly #project: string

  constructor(project: string) {
    this.#project = project
    this.env = { ...process.env, EVERWARM_HOME: join(this.#folder, 'h'), EVERWARM_CACHE: join(this.#folder, 'c') }
    delete this.env.EVERWARM
  }

  /** null without a daemon. */
  async status(): Promise<Status | null> {
    try {
      const { stdout } = await promisify(execFile)(process.execPath, this.#command('status', '--json'), { env: this.env })
      const status = JSON.parse(stdout) as Status | { daemon: null }
      return status.daemon === null ? null : status
    } catch {
      // The command fails when no daemon runs.
      return null
    }
  }

  end() {
    try {
      execFileSync(process.execPath, this.#command('stop'), { env: this.env, stdio: 'ignore', timeout: 15_000 })
    } catch {
      // No daemon runs any more.
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #command(...args: string[]): string[] {
    return [join(this.#project, 'node_modules/everwarm/dist/cli/main.js'), 'pool', ...args]
  }
}
