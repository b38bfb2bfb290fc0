import { BROWSERS } from '../environments/browsers/names.ts'
import type { Addresses } from '../environments/browsers/lending/engine.ts'
import { openContext } from '../pool/browsers/open-context.ts'
import { type DriverName, driversOf, lentProfile } from '../pool/browsers/profile.ts'
import { definedOnly } from '../system/settings.ts'
import type { LeaseRow } from './lease-row.ts'

/** The browsers, by their names and aliases; driven by `driver`, or else by the first they have. */
export function browserRows(driver?: DriverName): Record<string, LeaseRow> {
  const rows = BROWSERS.flatMap((browser) => {
    const row: LeaseRow = {
      summary: `${browser.title}: ${driversOf(browser).join(', ')}`,
      profile: async (env, cwd) => lentProfile({ name: browser.name, driver, env, cwd }),
      variables: async (lease) => ({
        EVERWARM_BROWSER: browser.name,
        ...variablesOf((await openContext(lease)).addresses),
      }),
    }
    return [browser.name, ...browser.aliases].map((name) => [name, row] as const)
  })
  return Object.fromEntries(rows)
}

function variablesOf({ cdp, cdpPage, webdriver, sessionId, bidi }: Addresses): Record<string, string> {
  return definedOnly({
    EVERWARM_CDP_URL: cdp,
    EVERWARM_CDP_PAGE_URL: cdpPage,
    // For Playwright's `connectOverCDP`: its own protocol would need the same version on both sides.
    EVERWARM_PLAYWRIGHT_URL: cdp,
    EVERWARM_WEBDRIVER_URL: webdriver,
    EVERWARM_SESSION_ID: sessionId,
    EVERWARM_BIDI_URL: bidi,
  })
}
