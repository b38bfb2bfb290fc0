import type { Chromium } from './chromium-process.ts'

/** An empty page of the host's own, kept over the leases: opening one for each would cost as much as a test's page. */
export interface Scratch {
  browserContextId: string
  sessionId: string
}

export async function openScratch(chromium: Chromium): Promise<Scratch> {
  const { browserContextId } = await chromium.call('Target.createBrowserContext')
  const { targetId } = await chromium.call('Target.createTarget', { url: 'about:blank', browserContextId })
  const { sessionId } = await chromium.call('Target.attachToTarget', { targetId, flatten: true })
  // Without focus a page may not write to the clipboard, and only one window has it.
  await chromium.call('Emulation.setFocusEmulationEnabled', { enabled: true }, sessionId)
  // The headless shell has no windows, and some builds no such command.
  await stepAside(chromium, targetId).catch(() => {})
  return { browserContextId, sessionId }
}

/** Chromium puts each new window so much to the right of, and below, the one before. */
const CASCADE_PIXELS = 10

/** The page's window goes where the next one opens at the place of a first one. */
async function stepAside(chromium: Chromium, targetId: string): Promise<void> {
  const { windowId, bounds } = await chromium.call('Browser.getWindowForTarget', { targetId })
  const [left, top] = [bounds.left - CASCADE_PIXELS, bounds.top - CASCADE_PIXELS]
  await chromium.call('Browser.setWindowBounds', { windowId, bounds: { left, top } })
}

const EMPTY_CLIPBOARD = `
  document.addEventListener('copy', (event) => { event.clipboardData.setData('text/plain', ''); event.preventDefault() }, { once: true })
  document.execCommand('copy')`

/** Headless Chromium has one clipboard for all contexts (tried with 156). False: it was not allowed to. */
export async function emptyClipboard(chromium: Chromium, { sessionId }: Scratch): Promise<boolean> {
  const { result } = await chromium.call('Runtime.evaluate', { expression: EMPTY_CLIPBOARD, userGesture: true }, sessionId)
  return result.value === true
}

interface Message {
  method?: string
  params?: { sessionId?: string }
  result?: { targetInfos?: { browserContextId?: string }[]; browserContextIds?: string[] }
}

/**
 * A message to the holder of a lease as it would be without the host's page; null: there would be none.
 * @param detach called with the session that was attached to the page
 */
export function withoutScratch(message: Buffer, scratch: Scratch | null, detach: (session: string) => void): Buffer | null {
  if (!scratch || !message.includes(scratch.browserContextId)) return message
  const { method, params, result, ...rest } = JSON.parse(message.toString('utf8')) as Message & { sessionId?: string }
  if (method === 'Target.attachedToTarget' && params?.sessionId) detach(params.sessionId)
  if (method || !result) return null
  const { targetInfos, browserContextIds } = result
  // Its context has a window, and Chromium's own user interface in it.
  if (targetInfos) result.targetInfos = targetInfos.filter((target) => target.browserContextId !== scratch.browserContextId)
  if (browserContextIds) result.browserContextIds = browserContextIds.filter((id) => id !== scratch.browserContextId)
  // The session stays at the very end, where it is looked for.
  const { sessionId, ...head } = rest
  return Buffer.from(JSON.stringify({ ...head, result, ...(sessionId ? { sessionId } : {}) }))
}
