import type { Taint } from '../../../contracts/host-wire.ts'
import { type Chromium, startChromium } from '../chromium-process.ts'
import { emptyClipboard, openScratch, type Scratch } from '../scratch.ts'
import type { Engine, LendingBoot, LentContext } from './engine.ts'
import { lendContext, type Prepared, type SharedBrowser } from './lent-context.ts'
import { createListener } from './listener.ts'

/** A page costs about 60 MiB: one is ready, the next is opened when it is taken. */
const SPARES = 1

/** One Chromium, of which each lease gets a context of its own, reached over WebSockets that live as long as the lease. */
export async function chromiumContexts(about: LendingBoot): Promise<Engine> {
  const chromium = startChromium(about)
  const browser = watched(chromium)
  const spares: Promise<Prepared>[] = []
  let held = 0
  let scratch: Scratch | undefined

  function refill(): void {
    while (spares.length < SPARES) {
      const spare = prepare(chromium)
      // A browser that is gone says so by its exit.
      spare.catch(() => {})
      spares.push(spare)
    }
  }

  /** All contexts share one clipboard: it is emptied when nobody can be using it. */
  async function withoutClipboard(): Promise<Taint[]> {
    scratch ??= await openScratch(chromium)
    return (await emptyClipboard(chromium, scratch)) ? [] : [{ code: 'context-left', detail: 'the clipboard' }]
  }

  async function lend(): Promise<LentContext> {
    held += 1
    const context = await lendContext(browser, await (spares.shift() ?? prepare(chromium)))
    // After the answer, so that nobody waits for it.
    setImmediate(refill)
    return {
      addresses: context.addresses,
      async end() {
        const taints = await context.end()
        held -= 1
        return held === 0 && taints.length === 0 ? withoutClipboard() : taints
      },
    }
  }

  try {
    await chromium.call('Target.setDiscoverTargets', { discover: true })
    refill()
    await spares[0]
  } catch (error) {
    chromium.kill()
    throw error
  }
  return { lend, kill: chromium.kill, exited: chromium.exited }
}

/** Hands each message of the browser to whom it belongs, and keeps account of its targets. */
function watched(chromium: Chromium): SharedBrowser {
  const sessions: SharedBrowser['sessions'] = new Map()
  const contextOf = new Map<string, string>()
  chromium.onMessages = (batch) => {
    for (const { message, session } of batch) if (session !== null) sessions.get(session)?.receive(message, session)
  }
  chromium.onRootEvent = ({ method, params }) => {
    if (method === 'Target.targetCreated') contextOf.set(params.targetInfo.targetId, params.targetInfo.browserContextId)
    else if (method === 'Target.targetDestroyed') contextOf.delete(params.targetId)
  }
  return { chromium, sessions, contextOf, listener: createListener() }
}

async function prepare(chromium: Chromium): Promise<Prepared> {
  const { browserContextId } = await chromium.call('Target.createBrowserContext')
  const { targetId } = await chromium.call('Target.createTarget', { url: 'about:blank', browserContextId })
  return { contextId: browserContextId, targetId }
}
