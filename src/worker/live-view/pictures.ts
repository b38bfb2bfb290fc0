import { cdpOver } from './cdp.ts'
import { type PictureLimits, type PictureSource, screencast, type TakePicture } from './screencast.ts'
import { screenshots, webDriverPicture } from './screenshots.ts'
import { socketWay } from './socket-way.ts'

/** A browser that a test drives, as it was lent: DevTools of a Chromium, or a session of WebDriver. */
export type WatchedBrowser = { cdp: string } | { webDriver: string }

/** Pictures of a browser, in the best way that it has. @throws Error when it cannot be reached */
export async function pictures(browser: WatchedBrowser, take: TakePicture, limits: PictureLimits = {}): Promise<PictureSource> {
  if ('webDriver' in browser)
    return screenshots(webDriverPicture(browser.webDriver), take, { maxFps: Math.min(1, limits.maxFps ?? 1) })
  const way = await socketWay(browser.cdp)
  const source = await screencast(cdpOver(way), take, limits)
  return { ended: source.ended, stop: () => source.stop().finally(() => way.close()) }
}
