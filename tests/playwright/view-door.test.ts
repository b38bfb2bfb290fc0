import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { messageCutter } from '../../src/environments/browsers/cdp.ts'
import { viewDoor } from '../../src/pool/playwright/view-door.ts'
import { pictures } from '../../src/worker/live-view/pictures.ts'
import { cdpOver } from '../../src/worker/live-view/cdp.ts'
import { findChromium } from '../worker/find-chromium.ts'

test('a worker looks at a browser that a test drives through its pipe, and the test never hears of it', async (context) => {
  const program = findChromium()
  if (!program) return context.skip('there is no Chromium here')
  const home = mkdtempSync(join(tmpdir(), 'everwarm-door-'))
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', `--user-data-dir=${join(home, 'p')}`]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable]
  for (const stream of [input, output]) stream.on('error', () => {})
  const folder = join(home, 'views')
  const heard: string[] = []
  const driven = viewDoor({ input, output }, { folder, shardId: 'shard 1' })
  const cut = messageCutter()
  let onText: (text: string) => void = () => {}
  driven.on('data', (chunk: Buffer) => {
    for (const message of cut(chunk)) {
      heard.push(message.toString())
      onText(message.toString())
    }
  })
  const driver = cdpOver({
    send: (text) => void input.write(`${text}\0`),
    onText: (listener) => void (onText = listener),
    onClose: () => {},
  })
  await driver.call('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: true })
  const { targetId } = await driver.call('Target.createTarget', { url: 'data:text/html,<body style="background:red">' })
  const { sessionId } = await driver.call('Target.attachToTarget', { targetId, flatten: true })
  const before = heard.length

  for (const time of ['first', 'second']) {
    let taken = 0
    const source = await pictures({ folder, shardId: 'shard 1' }, () => void taken++, { maxFps: 20 })
    await expect.poll(() => taken, { message: time }).toBeGreaterThan(0)
    // Both speak at once, and each gets its own answers.
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => driver.call('Runtime.evaluate', { expression: `${i}+1` }, sessionId as string)),
    )
    expect(answers.map(({ result }) => (result as { value: number }).value)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    await source.stop()
  }
  await driver.call('Browser.getVersion')
  expect(heard.slice(before).filter((text) => !/^\{"id":\d{1,3},/.test(text))).toEqual([])
  await expect(pictures({ folder, shardId: 'shard 2' }, () => {})).rejects.toThrow('no test of it has a browser open')

  child.kill('SIGKILL')
  await once(child, 'exit')
  await expect.poll(() => readdirSync(folder)).toEqual([])
  rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
})

test('a door has its name only when it is open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'everwarm-door-'))
  const output = new PassThrough()
  viewDoor({ input: new PassThrough(), output }, { folder, shardId: 'shard 1' })
  // Bound, and not open yet.
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\./)])
  await expect.poll(() => readdirSync(folder)).toEqual([expect.stringMatching(/^[0-9a-f]/)])
  output.destroy()
  await expect.poll(() => readdirSync(folder)).toEqual([])
  rmSync(folder, { recursive: true })
})
