/** Providers for Vitest's browser mode: see docs/browsers.md. */
export { playwright } from './pool/vitest/providers/playwright-provider.ts'
export { webdriverio } from './pool/vitest/providers/webdriverio-provider.ts'
export type { PlaywrightProviderOptions } from '@vitest/browser-playwright'
export type { WebdriverProviderOptions } from '@vitest/browser-webdriverio'
