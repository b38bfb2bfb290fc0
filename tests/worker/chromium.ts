import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { findChromium } from './find-chromium.ts'

/** A Chromium of the test's own, by its WebSocket. */
export async function startChromium(): Promise<{ url: string; close(): Promise<void> } | undefined> {
  const program = findChromium()
  if (!program) return undefined
  const profile = mkdtempSync(join(tmpdir(), 'everwarm-view-'))
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    'about:blank',
  ]
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  const close = async () => {
    child.kill('SIGKILL')
    await exited
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
  for await (const line of createInterface({ input: child.stderr! })) {
    const url = /DevTools listening on (ws:\S+)/.exec(line)?.[1]
    if (!url) continue
    child.stderr!.resume()
    return { url, close }
  }
  await close()
  throw new Error('Chromium did not start')
}
