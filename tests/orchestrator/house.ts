import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunResults, RunStatus } from '../../src/contracts/runs.ts'
import { eventually, house } from '../daemon/harness.ts'
import { hear } from '../support/hear.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** What a program prints that serves. */
export const SERVED = /^http\S+(?=\n)/m
export const RUNNERS = fileURLToPath(new URL('../../fixtures/regions/runners.ts', import.meta.url))

export interface Served {
  /** Of the handler, e.g. `http://127.0.0.1:4000/api/runner`. */
  url: string
  child: ChildProcess
}

export interface Asked {
  status: number
  body: any
}

export type RegionsHouse = ReturnType<typeof regionsHouse>

/** A folder with a home of everwarm's, and what was started in it. */
export function regionsHouse(env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ew-r-'))
  // Empty databases are made once, and copied then.
  const at = house({ HOME: folder, EVERWARM_CACHE: join(tmpdir(), `ew-r-cache-${userInfo().uid}`), ...env })
  const ends: (() => unknown)[] = []

  async function serve(args: string[], more: Record<string, string> = {}): Promise<Served> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...at.env, ...more },
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    ends.push(() => child.kill('SIGKILL'))
    const [url] = await hear(child).until(SERVED)
    return { url, child }
  }

  return {
    ...at,
    folder,
    file: (name: string) => join(folder, name),
    /** A region in a process of its own. */
    region: (name: string, more?: Record<string, string>) => serve(['runner', 'serve', RUNNERS, '--region', name], more),
    orchestrator: (regions: Record<string, string>, more: Record<string, string> = {}) =>
      serve(['orchestrator', 'serve', '--runners', RUNNERS, '--folder', join(folder, 'store')], {
        PLAYWRIGHT_RUNNERS: JSON.stringify(regions),
        ...more,
      }),
    /** A server in this process. */
    async server(listener: RequestListener): Promise<string> {
      const server = createServer(listener)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      ends.push(() => {
        server.closeAllConnections()
        server.close()
      })
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    },
    onClose: (end: () => unknown) => void ends.push(end),
    async close() {
      for (const end of ends.reverse()) await end()
      await at.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
  }
}

export async function ask(url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Asked> {
  const answer = await fetch(
    url,
    body === undefined
      ? { headers }
      : { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) },
  )
  return { status: answer.status, body: await answer.json() }
}

/** The status of a run, once it is over. */
export async function overRun(url: string, runId: string, withinMs = 60_000): Promise<RunStatus> {
  let status: RunStatus | undefined
  await eventually(
    `${runId} is over`,
    async () => {
      status = (await ask(`${url}/run/${runId}/status`)).body as RunStatus
      return status.finishedAt !== null
    },
    withinMs,
  )
  return status!
}

export async function resultsOf(url: string, runId: string): Promise<RunResults> {
  return (await ask(`${url}/run/${runId}`)).body as RunResults
}
