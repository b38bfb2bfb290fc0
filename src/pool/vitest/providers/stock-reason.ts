import type { WebdriverProviderOptions } from '@vitest/browser-webdriverio'
import type { Env } from '../../../system/settings.ts'
import { runRefusal } from '../../playwright/refusals.ts'

export interface SessionFacts {
  /** As Vitest calls the browser. */
  name: string
  headless: boolean | undefined
  isInspecting: boolean
  options: WebdriverProviderOptions
  env: Env
}

/** Why a browser is started as without everwarm, or null; `silent`: nothing worth a line. */
export function stockReason({ name, headless, isInspecting, options, env }: SessionFacts): string | 'silent' | null {
  const refusal = runRefusal({ nodeVersion: process.versions.node, platform: process.platform, env })
  if (refusal !== null) return refusal
  // A driver or a service of the user's own.
  if (options.hostname !== undefined || options.port !== undefined || options.user !== undefined) return 'silent'
  if (isInspecting) return 'the browser is not leased: --inspect opens a port of its own in it'
  // WebKit has no headless mode, and is shown on a display that nobody sees.
  if (!headless && name !== 'webkit' && name !== 'safari')
    return 'the browser is not leased: leased ones are headless, and browser.headless is off'
  return null
}
