import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChildProcess } from 'node:child_process'
import { EverwarmError } from '../../../contracts/errors.ts'
import { spawnProcess } from '../../../system/spawn.ts'
import { tailOf } from '../../../system/tail.ts'
import type { LendingBoot } from './engine.ts'
import { connectMarionette, type Marionette, MarionetteError } from './marionette.ts'
import { marionetteCommand, statusOf, unwrapped } from './marionette-commands.ts'
import { type Capabilities, type Session, wireError } from './webdriver.ts'

const START_MS = 45_000
const QUIT_MS = 3_000

/** No first pages, no questions, no talk to the network or of updates by itself. */
const PREFERENCES: Record<string, string | number | boolean> = {
  'remote.active-protocols': 1,
  'marionette.port': 0,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'app.update.enabled': false,
  'browser.startup.page': 0,
  'browser.aboutwelcome.enabled': false,
  'services.settings.server': 'data:,',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'browser.safebrowsing.update.enabled': false,
}

/**
 * A Firefox of its own for one session, driven by its Marionette as geckodriver would drive it.
 * @param folder for its profile and temporary files; made here, removed with the session
 * @throws EverwarmError DRIVER_FAILED
 */
export async function startFirefox(about: LendingBoot, folder: string, asked: Capabilities): Promise<Session> {
  const options = (asked['moz:firefoxOptions'] ?? {}) as { args?: string[]; prefs?: Record<string, string | number | boolean> }
  const profile = join(folder, 'p')
  mkdirSync(profile, { recursive: true, mode: 0o700 })
  writeFileSync(join(profile, 'user.js'), userPreferences({ ...PREFERENCES, ...options.prefs }))
  const isBidi = asked.webSocketUrl === true
  const args = [
    ...about.args,
    ...(options.args ?? []).filter((arg) => !about.args.some((own) => own === arg || own === arg.slice(1))),
  ]
  const child = spawnProcess(
    about.command,
    [...args, '--marionette', '--no-remote', '--profile', profile, ...(isBidi ? ['--remote-debugging-port=0'] : [])],
    {
      cwd: about.cwd,
      env: { ...about.env, HOME: folder, TMPDIR: folder, MOZ_CRASHREPORTER_DISABLE: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const words = tailOf([child.stderr])
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  const kill = () => void child.kill('SIGKILL')
  try {
    const marionette = await reach(profile, ended)
    return await openSession({ marionette, asked, child, ended, remove, kill })
  } catch (cause) {
    kill()
    await ended
    remove()
    throw new EverwarmError('DRIVER_FAILED', {
      message: `No session of Firefox could be started: ${(cause as Error).message}\n${words()}`,
      hint: `Try \`${about.command} --headless --screenshot /dev/null about:blank\`.`,
      cause,
    })
  }
}

/** The port stands in its profile as soon as it listens. */
async function reach(profile: string, ended: Promise<void>): Promise<Marionette> {
  const untilMs = performance.now() + START_MS
  const life = { isOver: false }
  void ended.then(() => (life.isOver = true))
  while (!life.isOver && performance.now() < untilMs) {
    const port = Number(textOf(join(profile, 'MarionetteActivePort')))
    if (port > 0) return connectMarionette(port)
    await delay(20)
  }
  throw new Error(life.isOver ? 'it ended at its start.' : `it was not ready after ${START_MS} ms.`)
}

interface Running {
  marionette: Marionette
  asked: Capabilities
  child: ChildProcess
  ended: Promise<void>
  remove(): void
  kill(): void
}

async function openSession({ marionette, asked, ended, remove, kill }: Running): Promise<Session> {
  // Flat, and only what Firefox knows: it takes no notice of the rest, or refuses it.
  const flat = Object.fromEntries(
    Object.entries(asked).filter(([name]) => !/^(?:moz:firefoxOptions|browserName|wdio:|se:|goog:|ms:)/.test(name)),
  )
  const { sessionId, capabilities } = (await marionette.send('WebDriver:NewSession', flat)) as {
    sessionId: string
    capabilities: Capabilities
  }
  return {
    id: sessionId,
    capabilities,
    kill,
    async command(method, path, body) {
      try {
        const given = body.length > 0 ? (JSON.parse(body.toString('utf8')) as Record<string, unknown>) : {}
        const command = marionetteCommand(method, path, given)
        if (!command) return { status: 404, body: wireError('unknown command', `${method} ${path}`) }
        const result = unwrapped(await marionette.send(command.name, command.params))
        const value = command.shape ? command.shape(result) : result
        if (value === undefined) return { status: 404, body: wireError('no such cookie', path) }
        return { status: 200, body: JSON.stringify({ value }) }
      } catch (error) {
        if (error instanceof SyntaxError) return { status: 400, body: wireError('invalid argument', error.message) }
        const { error: name, message, stacktrace } = error as MarionetteError
        return { status: statusOf(name), body: wireError(name ?? 'unknown error', message, stacktrace) }
      }
    },
    async end() {
      // Refused or cut off where Firefox hangs or is gone: it is killed then.
      await Promise.race([marionette.send('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => {}), delay(QUIT_MS)])
      await Promise.race([ended, delay(QUIT_MS, undefined, { ref: false })])
      kill()
      await ended
      marionette.close()
      remove()
      return []
    },
  }
}

function userPreferences(all: Record<string, string | number | boolean>): string {
  return Object.entries(all)
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join('')
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not there yet.
    return ''
  }
}
