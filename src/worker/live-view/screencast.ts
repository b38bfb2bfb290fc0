import { type Clock, systemClock } from '../../system/clock.ts'
import type { Cdp } from './cdp.ts'

export interface PictureLimits {
  /** 5 by default */
  maxFps?: number
  /** 1 to 100, of JPEG; 60 by default */
  quality?: number
  /** CSS pixels; 1280 × 800 by default */
  maxWidth?: number
  maxHeight?: number
}

export interface PictureSource {
  /** Resolves when no more pictures come. Safe to call twice. */
  stop(): Promise<void>
  /** The browser is gone, or it was stopped. */
  readonly ended: Promise<void>
}

/** The next picture is not asked for before this one is taken. */
export type TakePicture = (picture: Uint8Array) => Promise<void> | void

interface Page {
  sessionId?: string
  /** What was not shown yet. */
  newest?: string
  unacknowledged: unknown[]
  pictureMs: number
}

/**
 * Pictures of a Chromium as they change, in JPEG: of the page that came into view last, and when it closes of the one
 * before. The pages' own work goes on as ever: they are looked at through sessions of our own, and Chromium makes no more
 * than three pictures of a page before one is acknowledged; those of pages that are not shown are not.
 * @param root session to the whole browser that is ours; absent: the way itself
 * @see https://chromedevtools.github.io/devtools-protocol/tot/Page/#method-startScreencast
 */
export async function screencast(
  cdp: Cdp,
  take: TakePicture,
  { maxFps = 5, quality = 60, maxWidth = 1_280, maxHeight = 800 }: PictureLimits = {},
  { root, clock = systemClock }: { root?: string; clock?: Clock } = {},
): Promise<PictureSource> {
  const pages = new Map<string, Page>()
  const ended = Promise.withResolvers<void>()
  let shown: Page | undefined
  let isStopped = false
  let isPassing = false

  async function add(targetId: string): Promise<void> {
    const page: Page = { unacknowledged: [], pictureMs: -Infinity }
    pages.set(targetId, page)
    const { sessionId } = await cdp.call('Target.attachToTarget', { targetId, flatten: true }, root)
    page.sessionId = sessionId as string
    await cdp.call('Page.startScreencast', { format: 'jpeg', quality, maxWidth, maxHeight }, page.sessionId)
  }

  function remove(targetId: string): void {
    const page = pages.get(targetId)
    pages.delete(targetId)
    if (page !== shown) return
    shown = [...pages.values()].filter((page) => page.pictureMs > -Infinity).sort((a, b) => b.pictureMs - a.pictureMs)[0]
    void pass()
  }

  function receive(page: Page, { data, sessionId }: Record<string, unknown>): void {
    if (page.pictureMs === -Infinity) shown = page
    page.pictureMs = clock.now()
    page.newest = data as string
    page.unacknowledged.push(sessionId)
    if (page === shown) void pass()
  }

  /** The newest picture of what is shown, again and again: those that came meanwhile are acknowledged with it. */
  async function pass(): Promise<void> {
    if (isPassing) return
    isPassing = true
    for (let page = shown; page?.newest; page = shown) {
      const { newest, sessionId } = page
      const numbers = page.unacknowledged.splice(0)
      delete page.newest
      const beganMs = clock.now()
      await take(Buffer.from(newest, 'base64'))
      const waitMs = beganMs + 1_000 / maxFps - clock.now()
      if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve))
      for (const number of numbers) cdp.call('Page.screencastFrameAck', { sessionId: number }, sessionId).catch(isGone)
    }
    isPassing = false
  }

  cdp.onEvent((method, params, sessionId) => {
    const { targetInfo, targetId } = params as { targetInfo?: { targetId: string; type: string }; targetId?: string }
    if (method === 'Target.targetCreated' && targetInfo?.type === 'page') add(targetInfo.targetId).catch(isGone)
    else if (method === 'Target.targetDestroyed') remove(targetId!)
    else if (method === 'Page.screencastFrame') {
      const page = [...pages.values()].find((page) => page.sessionId === sessionId)
      if (page && !isStopped) receive(page, params)
    }
  })
  cdp.onClose(() => {
    isStopped = true
    shown = undefined
    ended.resolve()
  })
  await cdp.call('Target.setDiscoverTargets', { discover: true, filter: [{ type: 'page' }] }, root)
  return {
    ended: ended.promise,
    async stop() {
      if (isStopped) return ended.promise
      isStopped = true
      shown = undefined
      const sessions = [...pages.values()].flatMap((page) => page.sessionId ?? [])
      await Promise.all(sessions.map((sessionId) => cdp.call('Target.detachFromTarget', { sessionId }, root).catch(isGone)))
      await cdp.call('Target.setDiscoverTargets', { discover: false }, root).catch(isGone)
      ended.resolve()
    },
  }
}

/** A page or a browser may go at any time, and is heard of by itself: what fails then is about what nobody can see. */
const isGone = () => {}
