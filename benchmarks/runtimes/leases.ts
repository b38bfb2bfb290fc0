import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { RUNTIME_LEASES } from '../../src/cli/lease-runtimes.ts'
import { WASM_LEASE } from '../../src/cli/lease-wasm.ts'
import { browserRows } from '../../src/cli/lease-browsers.ts'
import { encodeRequest, frontFrameReader } from '../../src/contracts/front-door.ts'
import type { Lease } from '../../src/contracts/protocol.ts'
import { openContext } from '../../src/pool/browsers/open-context.ts'
import { connectDaemon, type DaemonClient } from '../../src/pool/daemon/client.ts'
import { writeLibtest } from '../../tests/wasm/libtest-program.ts'
import { Warmth } from '../pool.ts'
import { BenchError } from '../projects.ts'
import { chromedriver, seleniumGrid } from './cold-sessions.ts'
import { type Figure, ms, quantile } from './figure.ts'

const repo = resolve(import.meta.dirname, '../..')

/** From the wish for a lease to the first answer of what was leased, one after another, with a pause in which the next is prepared. */
export async function benchLeases(rounds: number): Promise<Figure[]> {
  const warmth = new Warmth({ env: { EVERWARM_SPARES: '2' } })
  const client = await connectDaemon({ label: 'bench', env: warmth.env })
  const wasm = join(warmth.folder, 'one.wasm')
  await writeLibtest(wasm, [{ name: 'passes' }])
  try {
    const figures: Figure[] = []
    const times = rounds * 8
    for (const runtime of ['node', 'bun', 'deno', 'workerd'] as const)
      figures.push(
        await figure(`lease of ${runtime}, to the first value`, runtime === 'workerd' ? 10 : 2, times, () =>
          evaluateOnce(client, warmth.env, runtime),
        ),
      )
    const path = wasm
    figures.push(
      await figure('lease of a wasm instance, to the result of its test', 1, times, () => runWasm(client, warmth.env, path)),
    )
    figures.push(
      await figure(
        'lease of a Chromium context with a page, from a spare',
        5,
        Math.min(times, 20),
        () => openPage(client, warmth.env),
        1_500,
      ),
    )
    figures.push(await figure('the same without a pause', 100, Math.min(times, 20), () => openPage(client, warmth.env), 0))
    for (const begin of [chromedriver, seleniumGrid]) {
      const opener = await begin()
      if (!opener) continue
      figures.push(await figure(opener.title, null, Math.min(rounds, 5), opener.open, 500).finally(opener.close))
    }
    return figures
  } finally {
    await client.close()
    warmth.end()
  }
}

async function figure(
  title: string,
  atMost: number | null,
  times: number,
  once: () => Promise<number>,
  pauseMs = 60,
): Promise<Figure> {
  const taken: number[] = []
  for (let i = 0; i < times + 3; i += 1) {
    const took = await once()
    // The first ones open the host.
    if (i >= 3) taken.push(took)
    await wait(i < 3 ? 1_500 : pauseMs)
  }
  const [p50, p95] = [quantile(taken, 0.5), quantile(taken, 0.95)]
  console.log(`  ${title}: p50 ${ms(p50)}, p95 ${ms(p95)}`)
  return { title, ours: `p95 ${ms(p95)}`, against: '', value: p50, unit: 'ms', atMost }
}

type Env = Record<string, string>

async function evaluateOnce(client: DaemonClient, env: Env, runtime: keyof typeof RUNTIME_LEASES): Promise<number> {
  const profile = await RUNTIME_LEASES[runtime].profile(env, repo)
  const startedMs = performance.now()
  const lease = await client.acquire({ profile, waitMs: 20_000 })
  return answered(lease, `${lease.token}\n{"id":1,"code":"6 * 7"}\n`, (text) => text.includes('42'), startedMs)
}

async function runWasm(client: DaemonClient, env: Env, path: string): Promise<number> {
  const profile = await WASM_LEASE.profile(env, repo)
  const request = encodeRequest({
    command: 'run',
    args: [path, '--exact', 'passes', '--nocapture'],
    cwd: repo,
    env: {},
    pid: process.pid,
    terminals: [false, false, false],
    columns: 0,
    rows: 0,
  })
  const startedMs = performance.now()
  const lease = await client.acquire({ profile, waitMs: 20_000 })
  return new Promise((done, fail) => {
    const socket = connect(lease.address, () => socket.write(Buffer.concat([Buffer.from(`${lease.token}\0`), request])))
    socket.on('error', fail)
    socket.on(
      'data',
      frontFrameReader(({ type, payload }) => {
        if (type !== 'X') return
        const tookMs = performance.now() - startedMs
        socket.destroy()
        if (payload[0] === 0) done(tookMs)
        else fail(new BenchError('RUN_FAILED', `the test ended with ${payload[0]}`))
      }),
    )
  })
}

function answered(lease: Lease, said: string, isAnswer: (text: string) => boolean, startedMs: number): Promise<number> {
  return new Promise((done, fail) => {
    let text = ''
    const socket = connect(lease.address, () => socket.write(said))
    socket.on('error', fail)
    socket.on('data', (chunk) => {
      text += chunk
      if (!isAnswer(text)) return
      const tookMs = performance.now() - startedMs
      socket.destroy()
      done(tookMs)
    })
  })
}

async function openPage(client: DaemonClient, env: Env): Promise<number> {
  const profile = await browserRows('cdp')['chromium']!.profile(env, repo)
  const startedMs = performance.now()
  const context = await openContext(await client.acquire({ profile, waitMs: 30_000 }))
  const tookMs = performance.now() - startedMs
  context.close()
  return tookMs
}

/** Sixteen commands at once that each want a Chromium. */
export async function benchSharing(): Promise<Figure[]> {
  const warmth = new Warmth()
  try {
    const log = join(warmth.folder, 'launches')
    const browser = join(warmth.folder, 'browser.sh')
    writeFileSync(log, '')
    writeFileSync(browser, `#!/bin/sh\necho >> '${log}'\nexec /usr/bin/chromium "$@"\n`, { mode: 0o755 })
    const env = { ...warmth.env, EVERWARM_CHROMIUM: browser }
    const args = [join(repo, 'dist/cli/main.js'), 'lease', 'chromium', '--', 'sh', '-c', 'test -n "$EVERWARM_CDP_URL"']
    await Promise.all(Array.from({ length: 16 }, () => promisify(execFile)(process.execPath, args, { env })))
    return [
      {
        title: '16 clients at once: browsers started',
        ours: '',
        against: '',
        value: readFileSync(log, 'utf8').length,
        unit: '',
        atMost: 1,
      },
    ]
  } finally {
    warmth.end()
  }
}
