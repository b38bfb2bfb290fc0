import { whenRunning } from '../../environments/vitest/announce.ts'
import { say } from '../../system/log.ts'
import { installDoor } from '../playwright/door.ts'
import { daemonLender } from '../playwright/lender.ts'
import { runRefusal } from '../playwright/refusals.ts'
import { notice } from './notice.ts'

/** What a user's configuration says of browser mode, as far as it can be seen before Vitest has read it. */
export interface BrowserModeConfig {
  browser?: { enabled?: boolean; provider?: { name?: string } }
  projects?: readonly unknown[]
}

/**
 * Warm browsers for browser mode with Vitest's own Playwright provider: what it launches is lent, by the same door as in
 * Playwright's workers. To be called before Vitest prepares browsers, which it does as soon as it knows the configuration.
 */
export function lendToBrowserMode(config: BrowserModeConfig | undefined): void {
  // Of a refusal the pool says the same already.
  if (usesPlaywright(config) && refusal() === null) install()
}

/** The same for a provider of everwarm's own, which may stand in a configuration without the plugin. */
export function lendToPlaywrightProvider(): void {
  const why = refusal()
  if (why === null) install()
  else if (why !== 'silent') notice(process.stderr, why)
}

const refusal = () => runRefusal({ nodeVersion: process.versions.node, platform: process.platform, env: process.env })

function install(): void {
  if (isInstalled) return
  isInstalled = true
  const lender = daemonLender(`vitest ${process.cwd()}`)
  whenRunning(
    () => lender.warmLast(),
    () => {},
  )
  const said = new Set<string>()
  installDoor(lender, (line) => {
    if (!said.has(line)) say(line)
    said.add(line)
  })
}

let isInstalled = false

/** Of the root, or of a project that stands in its configuration. */
export function usesPlaywright(config: BrowserModeConfig | undefined): boolean {
  if (config?.browser?.enabled && config.browser.provider?.name === 'playwright') return true
  return (config?.projects ?? []).some((project) => usesPlaywright((project as { test?: BrowserModeConfig } | undefined)?.test))
}
