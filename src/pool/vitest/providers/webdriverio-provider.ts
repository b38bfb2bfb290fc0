import type { WebdriverProviderOptions } from '@vitest/browser-webdriverio'
import type { BrowserProviderOption } from 'vitest/node'
import { leasingProvider } from './leasing-provider.ts'
import { official } from './official.ts'

type Option = BrowserProviderOption<WebdriverProviderOptions>

declare module 'vitest/node' {
  interface _BrowserNames {
    everwarm: 'webkit'
  }
}

let Provider: ReturnType<typeof leasingProvider> | undefined

/** One function for all that are made here: by it Vitest sees whether instances have the same provider. */
const serverFactory: Option['serverFactory'] = async (...args) => {
  const load = () => import('@vitest/browser-webdriverio')
  const stock = await official(load, ['@vitest/browser-webdriverio', 'webdriverio'])
  Provider ??= leasingProvider(stock.WebdriverBrowserProvider)
  return stock.webdriverio().serverFactory(...args)
}

/** Vitest's own provider on a leased session of WebDriver. Vitest asks for its server before all else. */
export function webdriverio(options: WebdriverProviderOptions = {}): Option {
  return {
    name: 'webdriverio',
    supportedBrowser: ['firefox', 'chrome', 'edge', 'safari', 'webkit'],
    options,
    serverFactory,
    providerFactory: (project) => new Provider!(project, options),
  }
}
