import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EverwarmError } from '../contracts/errors.ts'
import { BROWSERS, browserProgram } from '../environments/browsers/names.ts'
import { WorkerRegistration } from '../contracts/worker.ts'
import { say } from '../system/log.ts'
import { isLoopback } from '../system/loopback.ts'
import { ownVersion } from '../system/own-version.ts'
import { readSettings } from '../system/settings.ts'
import { type FoundBrowser, measureCapabilities } from '../worker/capabilities.ts'
import { startWorker } from '../worker/worker.ts'
import { badInput, type Command, type Given, refusePositionals, wholeNumber } from './command.ts'

export const worker: Command = {
  options: {
    connect: { type: 'string' },
    token: { type: 'string' },
    dir: { type: 'string' },
    name: { type: 'string' },
    'max-concurrent': { type: 'string' },
    'drain-seconds': { type: 'string' },
    tag: { type: 'string', multiple: true },
    allow: { type: 'string', multiple: true },
    browser: { type: 'string', multiple: true },
    'vnc-url': { type: 'string' },
    'vnc-port': { type: 'string' },
  },
  help: [
    '--connect <url>       the coordinator, ws://127.0.0.1:8632 by default; wss:// over a network',
    '--token <token>       an enrolment of the coordinator; or EVERWARM_TOKEN, where nobody sees it in a list of processes',
    '--dir <path>          the checkout to run tests in, this folder by default; nothing runs outside of it',
    '--name <name>         as others see it, the machine’s name by default',
    '--max-concurrent <n>  shards at once, 1 by default: one shard uses all cores by itself',
    '--tag <tag>           what tests can ask for; may be repeated',
    '--browser <name>      keep to these browsers; default: all that are found here; may be repeated',
    '--allow <command>     a command that the coordinator may run, besides shards of Vitest and Playwright; may be repeated',
    '--vnc-url <url>       a page of noVNC that shows this worker’s screen, http:// or https://; it is listed with its sessions’ streams',
    '--vnc-port <n>        the same, as http://HOST:PORT/vnc.html of this machine',
    '--drain-seconds <s>   how long what runs may go on after the first Ctrl-C, 1800 by default',
    '',
    'Ctrl-C or SIGTERM: no more shards, and it ends when those it has are done. Once more: it ends at once.',
  ],
  async run(given) {
    refusePositionals(given)
    const { values, env } = given
    refuseEmpty(values)
    const url = coordinatorUrl(values.connect ?? 'ws://127.0.0.1:8632')
    const token = text(values.token) ?? readSettings(env).token
    if (token === undefined) throw noToken()
    const directory = workFolder(text(values.dir) ?? '.')
    const capabilities = measureCapabilities(
      {
        ...(values.browser ? { browsers: texts(values.browser) } : {}),
        ...(values.tag ? { tags: texts(values.tag) } : {}),
        maxConcurrent: wholeNumber(values['max-concurrent'], { name: '--max-concurrent', min: 1, max: 1_024, otherwise: 1 }),
      },
      browsersHere(env),
    )
    const drainMs =
      1_000 * wholeNumber(values['drain-seconds'], { name: '--drain-seconds', min: 0, max: 1_000_000, otherwise: 1_800 })
    if (url.protocol === 'ws:' && !isLoopback(url.hostname))
      say(`the token travels in clear to ${url.host}: use wss:// or an SSH tunnel`)
    const name = text(values.name) ?? hostname()
    const registration = {
      name,
      type: 'remote' as const,
      host: hostname(),
      capabilities: { ...capabilities, ...(values.allow ? { commands: texts(values.allow) } : {}) },
      ...ownScreen(values),
    }
    return runUntilEnd({
      url: url.href,
      token,
      registration: checkedRegistration({ ...registration, version: ownVersion() }),
      rules: {
        allowed: texts(values.allow ?? []),
        directory,
        shardProgram: [process.execPath, shardProgramPath()],
        env: { ...env },
      },
      say,
      drainMs,
    })
  },
}

async function runUntilEnd(options: Parameters<typeof startWorker>[0]): Promise<void> {
  const { capabilities } = options.registration
  say(
    `worker for ${options.rules.directory}: ${capabilities.cpu} cores, ${capabilities.memory} MB, browsers: ${capabilities.browsers.join(', ') || 'none'}`,
  )
  const running = startWorker(options)
  const drain = () => running.drain()
  process.on('SIGTERM', drain).on('SIGINT', drain)
  // Between two connections only timers wait, which do not hold a process.
  const hold = setInterval(() => {}, 2 ** 30)
  try {
    await running.ended
  } finally {
    clearInterval(hold)
    process.off('SIGTERM', drain).off('SIGINT', drain)
  }
}

/** @throws EverwarmError BAD_INPUT */
function coordinatorUrl(given: unknown): URL {
  const url = URL.parse(String(given))
  if (url?.protocol === 'http:' || url?.protocol === 'https:')
    throw badInput(`A worker connects by WebSocket: write ${String(given).replace(/^http/i, 'ws')}.`, 'everwarm worker --help')
  if (!url || (url.protocol !== 'ws:' && url.protocol !== 'wss:') || url.hostname === '')
    throw badInput(
      `--connect must be like ws://127.0.0.1:8632 or wss://tests.example.com, not "${String(given)}".`,
      'everwarm worker --help',
    )
  if (url.username || url.password)
    throw badInput('The token does not go into the address: give --token or EVERWARM_TOKEN.', 'everwarm worker --help')
  return url
}

/** @throws EverwarmError BAD_INPUT */
function refuseEmpty(values: Given['values']): void {
  const empty = ['name', 'tag', 'browser', 'allow'].find((name) => [values[name]].flat().includes(''))
  if (empty !== undefined) throw badInput(`--${empty} needs a value that is not empty.`, 'everwarm worker --help')
}

/**
 * What a coordinator would refuse, before it is asked.
 * @throws EverwarmError BAD_INPUT
 */
function checkedRegistration(registration: WorkerRegistration): WorkerRegistration {
  const { data, error } = WorkerRegistration.safeParse(registration)
  if (data) return data
  const [{ path, message }] = error.issues as [(typeof error.issues)[0]]
  throw badInput(`No coordinator takes this worker’s ${path.join('.')}: ${message}.`, 'everwarm worker --help')
}

/** @throws EverwarmError BAD_INPUT */
function ownScreen({ 'vnc-url': given, 'vnc-port': port }: Given['values']): Pick<WorkerRegistration, 'vncUrl' | 'vncPort'> {
  if (given !== undefined && port !== undefined)
    throw badInput('Of --vnc-url and --vnc-port one is enough: the address has a port already.', 'everwarm worker --help')
  if (port !== undefined) return { vncPort: wholeNumber(port, { name: '--vnc-port', min: 1, max: 65_535, otherwise: 0 }) }
  if (given === undefined) return {}
  const url = URL.parse(String(given))
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw badInput(`--vnc-url must be like http://HOST:6080/vnc.html, not "${String(given)}".`, 'everwarm worker --help')
  return { vncUrl: url.href }
}

function workFolder(given: string): string {
  const path = resolve(given)
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw badInput(`--dir ${path} is not a folder.`, 'everwarm worker --help')
  return realpathSync(path)
}

/** Those of this machine, and those that Playwright has downloaded for itself. */
function browsersHere(env: Given['env']): FoundBrowser[] {
  const downloaded = playwrightBrowsers(env)
  return BROWSERS.map((browser) => ({
    name: browser.name,
    isFound: downloaded.has(browser.name) || canStart(() => browserProgram(browser, env)),
  }))
}

function canStart(find: () => string): boolean {
  try {
    find()
    return true
  } catch {
    // Not there is an answer.
    return false
  }
}

/** @see https://playwright.dev/docs/browsers#managing-browser-binaries */
function playwrightBrowsers(env: Given['env']): ReadonlySet<string> {
  const folder =
    env['PLAYWRIGHT_BROWSERS_PATH'] ||
    join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache', 'ms-playwright')
  if (!existsSync(folder)) return new Set()
  const whole = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'INSTALLATION_COMPLETE')))
  return new Set(whole.map((name) => name.replace(/-\d+$/, '')))
}

/** Beside this file, built or not. */
function shardProgramPath(): string {
  return fileURLToPath(new URL(`../worker/shards/program${extname(import.meta.url)}`, import.meta.url))
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])

const noToken = () =>
  new EverwarmError('TOKEN_MISSING', {
    message: 'A worker needs a token of its coordinator.',
    hint: 'Make one where the coordinator runs, `everwarm coordinator enrol`, and give it as --token or EVERWARM_TOKEN.',
  })
