import { setTimeout as delay } from 'node:timers/promises'
import type { Taint } from '../../contracts/host-wire.ts'
import type { Chromium } from './chromium-process.ts'
import { emptyClipboard, openScratch, type Scratch } from './scratch.ts'

/** A context that is still there after so long does not go. */
const PATIENCE_MS = 3_000

/**
 * Ends the session of a lease, and with it every context it made ("disposeOnDetach"), with cookies, storage, caches,
 * workers, permissions and downloads in it; then empties what contexts share.
 * @see https://chromedevtools.github.io/devtools-protocol/tot/Target/#method-createBrowserContext
 */
export async function clearAfter(chromium: Chromium, session: string, before: Scratch | null): Promise<Cleared> {
  // Refused when the session is gone already.
  await chromium.call('Target.detachFromTarget', { sessionId: session }).catch(() => {})
  const taints = await untilAlone(chromium, before)
  if (taints.length > 0) return { taints, scratch: before }
  const scratch = before ?? (await openScratch(chromium))
  if (!(await emptyClipboard(chromium, scratch))) taints.push({ code: 'context-left', detail: 'the clipboard' })
  return { taints, scratch }
}

export interface Cleared {
  /** What stayed; empty when clean. */
  taints: Taint[]
  /** The host's own page, opened at the first time. */
  scratch: Scratch | null
}

interface Target {
  type: string
  url: string
  browserContextId?: string
}

async function untilAlone(chromium: Chromium, own: Scratch | null): Promise<Taint[]> {
  const untilMs = performance.now() + PATIENCE_MS
  for (let pauseMs = 2; ; pauseMs = Math.min(50, pauseMs * 1.5)) {
    const contexts = ((await chromium.call('Target.getBrowserContexts')) as { browserContextIds: string[] }).browserContextIds
    const others = contexts.filter((id) => id !== own?.browserContextId)
    const { targetInfos } = (await chromium.call('Target.getTargets')) as { targetInfos: Target[] }
    // Pages only: a browser with a name of its own (Chrome, Edge) has workers of built-in extensions.
    const left = targetInfos.filter(({ type, browserContextId }) => type === 'page' && browserContextId !== own?.browserContextId)
    if (others.length === 0 && left.length === 0) return []
    if (performance.now() > untilMs) {
      const urls = left.map(({ type, url }) => `${type} ${url}`).join(', ')
      return [{ code: 'context-left', detail: `${others.length} contexts, ${urls || 'no pages'}` }]
    }
    await delay(pauseMs)
  }
}
