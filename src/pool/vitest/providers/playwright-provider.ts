import type { PlaywrightProviderOptions } from '@vitest/browser-playwright'
import type { BrowserProviderOption } from 'vitest/node'
import { lendToPlaywrightProvider } from '../lend-browsers.ts'
import { official } from './official.ts'

type Option = BrowserProviderOption<PlaywrightProviderOptions>

let stock: typeof import('@vitest/browser-playwright') | undefined

/** One function for all that are made here: by it Vitest sees whether instances have the same provider. */
const serverFactory: Option['serverFactory'] = async (...args) => {
  stock = await official(() => import('@vitest/browser-playwright'), ['@vitest/browser-playwright', 'playwright'])
  lendToPlaywrightProvider()
  return stock.playwright().serverFactory(...args)
}

/** Vitest's own provider; the Chromium that it launches is a warm one. Vitest asks for its server before all else. */
export function playwright(options: PlaywrightProviderOptions = {}): Option {
  const made = () => stock!.playwright(options)
  return {
    name: 'playwright',
    supportedBrowser: ['firefox', 'webkit', 'chromium'],
    options,
    serverFactory,
    prewarm: (context) => made().prewarm?.(context),
    providerFactory: (project) => made().providerFactory(project),
  }
}
