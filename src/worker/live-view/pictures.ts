import { cdpOver } from './cdp.ts'
import { throughDoor } from './door-pictures.ts'
import { type PictureLimits, type PictureSource, screencast, type TakePicture } from './screencast.ts'
import { screenshots, webDriverPicture } from './screenshots.ts'
import type { ViewPlace } from '../../contracts/view-door.ts'
import { socketWay } from './socket-way.ts'

/**
 * A browser that a test drives: DevTools of a leased Chromium, a session of WebDriver, or whichever Chromium the
 * processes of a shard opened last, by the doors that they have in this folder.
 */
export type WatchedBrowser = { cdp: string } | { webDriver: string } | ViewPlace

/** Pictures of a browser, in the best way that it has. @throws Error when it cannot be reached */
export async function pictures(browser: WatchedBrowser, take: TakePicture, limits: PictureLimits = {}): Promise<PictureSource> {
  if ('webDriver' in browser)
    return screenshots(webDriverPicture(browser.webDriver), take, { maxFps: Math.min(1, limits.maxFps ?? 1) })
  if ('folder' in browser) return throughDoor(browser, take, limits)
  const way = await socketWay(browser.cdp)
  const source = await screencast(cdpOver(way), take, limits)
  return { ended: source.ended, stop: () => source.stop().finally(() => way.close()) }
}
