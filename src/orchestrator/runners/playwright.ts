import type { Browser, BrowserType, Page } from '@playwright/test'
import { EverwarmError } from '../../contracts/errors.ts'

export type { Page }

/** A lease of a browser's context, as this room needs it: rooms beside cannot be asked, so it is handed in. */
export interface Lease {
  /** DevTools of the leased context. */
  cdp: string
  release(): Promise<void>
}

export type LeaseBrowser = (name: string, waitMs: number) => Promise<Lease>

export interface OpenPage {
  page: Page
  /** Page, context and lease. Never throws; may be called twice. */
  close(): Promise<void>
}

/**
 * The page of a leased browser, by the user's own Playwright.
 * @throws EverwarmError PACKAGE_MISSING, and what a lease throws
 */
export async function openPage(lease: LeaseBrowser, name: string, waitMs: number): Promise<OpenPage> {
  const chromium = await playwrightChromium()
  const held = await lease(name, waitMs)
  let browser: Browser | undefined
  const close = async () => {
    // The lease's end closes what its context holds, so a connection that is gone already is no loss.
    await browser?.close().catch(() => {})
    await held.release().catch(() => {})
  }
  try {
    browser = await chromium.connectOverCDP(held.cdp)
    const context = browser.contexts()[0]!
    return { page: context.pages()[0] ?? (await context.newPage()), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** In this order: the test runner is not needed for a page. Written out, so that bundlers find them. */
const LIBRARIES: readonly (() => Promise<{ chromium: BrowserType }>)[] = [
  () => import('playwright'),
  () => import('@playwright/test'),
  () => import('playwright-core'),
]

async function playwrightChromium(): Promise<BrowserType> {
  for (const load of LIBRARIES) {
    const library = await load().catch(() => undefined)
    if (library) return library.chromium
  }
  throw new EverwarmError('PACKAGE_MISSING', {
    message: 'Playwright cannot be loaded, by which runners drive their page.',
    hint: 'Install it: `npm install playwright`, or say `browser: false` in the runner.',
  })
}
