import { EverwarmError } from '../../contracts/errors.ts'
import type { LentBrowserProfile } from '../../contracts/profiles.ts'
import { lendingArguments } from '../../environments/browsers/lending/arguments.ts'
import { type Browser, browserNamed, browserProgram, webdriverProgram } from '../../environments/browsers/names.ts'
import { namesHint } from '../../system/known-names.ts'
import { definedOnly } from '../../system/settings.ts'

export type DriverName = 'cdp' | 'webdriver' | 'bidi' | 'playwright'
export const DRIVER_NAMES: readonly DriverName[] = ['cdp', 'webdriver', 'bidi', 'playwright']

/** Which drivers a browser has; the first is taken where none is asked for. Playwright connects by DevTools. */
export function driversOf({ engine }: Browser): readonly DriverName[] {
  if (engine === 'chromium') return ['cdp', 'playwright', 'webdriver', 'bidi']
  return engine === 'firefox' ? ['webdriver', 'bidi'] : ['webdriver']
}

export interface BrowserChoice {
  /** As people say it: `chrome`, `msedge`, `firefox-esr`… */
  name: string
  driver?: DriverName
  env: Readonly<Record<string, string | undefined>>
  cwd: string
}

/**
 * What is to be leased. Nothing is started.
 * @throws EverwarmError BAD_INPUT, BROWSER_NOT_FOUND, DRIVER_NOT_FOUND
 */
export function lentProfile({ name, driver, env, cwd }: BrowserChoice): LentBrowserProfile {
  const browser = browserNamed(name)
  const drivers = driversOf(browser)
  const chosen = driver ?? drivers[0]!
  if (!drivers.includes(chosen))
    throw new EverwarmError('BAD_INPUT', {
      message: `${browser.title} has no driver "${chosen}".`,
      hint: namesHint(chosen, drivers),
    })
  const spoken = chosen === 'playwright' ? 'cdp' : chosen
  return {
    environment: 'browser',
    name: browser.name,
    driver: spoken,
    command: browserProgram(browser, env),
    driverCommand: spoken === 'cdp' ? '' : (webdriverProgram(browser, env) ?? ''),
    args: lendingArguments(browser, spoken),
    env: definedOnly(env),
    cwd,
  }
}
