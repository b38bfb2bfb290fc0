/** What a user's configuration says of browser mode, as far as it can be seen before Vitest has read it. */
export interface BrowserModeConfig {
  browser?: { enabled?: boolean; provider?: { name?: string } }
  projects?: readonly unknown[]
}

/**
 * Warm browsers for browser mode with Vitest's own Playwright provider. To be awaited before Vitest prepares browsers, which
 * it does as soon as it knows the configuration. What it takes is loaded only there: every run has this plugin.
 */
export async function lendWhereUsed(config: BrowserModeConfig | undefined): Promise<void> {
  if (!usesPlaywright(config)) return
  const { lendToBrowserMode } = await import('./lend-browsers.ts')
  lendToBrowserMode()
}

/** Of the root, or of a project that stands in its configuration. */
function usesPlaywright(config: BrowserModeConfig | undefined): boolean {
  if (config?.browser?.enabled && config.browser.provider?.name === 'playwright') return true
  return (config?.projects ?? []).some((project) => usesPlaywright((project as { test?: BrowserModeConfig } | undefined)?.test))
}
