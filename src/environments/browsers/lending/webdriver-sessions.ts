import { join } from 'node:path'
import type { Taint } from '../../../contracts/host-wire.ts'
import { DIALECTS, fits, merged } from './dialects.ts'
import { type Display, startDisplay } from './display.ts'
import { startDriverSession } from './driver-session.ts'
import type { Engine, LendingBoot, LentContext } from './engine.ts'
import { startFirefox } from './firefox-session.ts'
import { createListener } from './listener.ts'
import type { Capabilities, Session } from './webdriver.ts'
import { webdriverDesk } from './webdriver-desk.ts'

/** `<TMPDIR>/org.chromium.Chromium.123456/SingletonSocket` has to fit into the address of a socket (man 7 unix). */
const TMPDIR_MAX_BYTES = 103 - '/org.chromium.Chromium.123456/SingletonSocket'.length

/**
 * Sessions of WebDriver, started before they are asked for. What a lease used is ended with it, browser and all, and
 * never reset: no driver can reset all that a page leaves.
 */
export async function webdriverSessions(about: LendingBoot): Promise<Engine> {
  const dialect = DIALECTS[about.name]!
  const listener = createListener()
  const { promise: exited, resolve: exit } = Promise.withResolvers<Awaited<Engine['exited']>>()
  const live = new Set<Session>()
  let display: Display | undefined
  let serial = 0
  let ready: Promise<Session> | undefined

  const base: Capabilities = {
    ...dialect.capabilities(about),
    // Clients of BiDi answer dialogs themselves.
    ...(about.driver === 'bidi' ? { webSocketUrl: true, unhandledPromptBehavior: 'ignore' } : {}),
  }

  async function start(asked: Capabilities = {}): Promise<Session> {
    const folder = join(about.folder, `s${(serial += 1)}`)
    if (dialect.needsDisplay) display ??= await startDisplay(join(about.folder, 'x'), about.env)
    const capabilities = merged(base, asked, dialect)
    const temporary: Record<string, string> = Buffer.byteLength(folder) <= TMPDIR_MAX_BYTES ? { TMPDIR: folder } : {}
    const env = { ...about.env, ...temporary, ...display?.env }
    const session =
      about.name === 'firefox' && about.driverCommand === ''
        ? await startFirefox(about, folder, capabilities)
        : await startDriverSession({ about, dialect, folder, env, capabilities })
    live.add(session)
    // The first page of a fresh session costs up to a second; a driver that refuses this one still works.
    await session.command('POST', 'url', Buffer.from('{"url":"about:blank"}')).catch(() => {})
    return session
  }

  function prepare(): void {
    if (ready) return
    ready = start()
    // Who wants it hears of it; until then the next try may go better.
    ready.catch(() => (ready = undefined))
  }

  function take(): Promise<Session> {
    const session = ready ?? start()
    ready = undefined
    return session
  }

  async function end(session: Session): Promise<Taint[]> {
    const taints = await session.end()
    live.delete(session)
    return taints
  }

  async function lend(): Promise<LentContext> {
    const first = await take()
    const desk = webdriverDesk({
      first,
      end,
      fits: (asked, session) => fits(asked, session.capabilities, dialect, about.args),
      start: (asked) => (asked ? start(asked) : take()),
    })
    const open = await listener.open(desk.lent)
    if (dialect.spares > 0) setImmediate(prepare)
    const bidi = first.capabilities.webSocketUrl
    return {
      addresses: {
        webdriver: `http://${open.authority}`,
        code: `http://${open.authority}/code/`,
        sessionId: first.id,
        capabilities: first.capabilities,
        ...(typeof bidi === 'string' ? { bidi } : {}),
      },
      async end() {
        open.close()
        const taints = await desk.close()
        if (taints.length === 0) prepare()
        return taints
      },
    }
  }

  function kill(): void {
    for (const session of live) session.kill()
    display?.kill()
    exit({ code: 0, signal: null })
  }

  prepare()
  await ready
  return { lend, kill, exited }
}
