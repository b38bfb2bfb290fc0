import { browserNamed, browserProgram } from '../../../environments/browsers/names.ts'
import type { Env } from '../../../system/settings.ts'
import type { LeaseBrowserOptions } from '../../browsers/lease-browser.ts'
import type { WebdriverioOptions } from '../../browsers/webdriverio.ts'

type Capabilities = Record<string, unknown>

export interface SessionWish {
  lease: Pick<LeaseBrowserOptions, 'name' | 'driver' | 'env'>
  /** What is asked for at `POST /session`: all that the user wants, apart from programs. */
  capabilities: WebdriverioOptions['capabilities']
}

/** Where a user names programs, and the variables by which a lease does. */
const PROGRAMS: Readonly<Record<string, readonly [options: string, variable: string][]>> = {
  chrome: [
    ['goog:chromeOptions', 'EVERWARM_CHROME'],
    ['wdio:chromedriverOptions', 'EVERWARM_CHROMEDRIVER'],
  ],
  firefox: [
    ['moz:firefoxOptions', 'EVERWARM_FIREFOX'],
    ['wdio:geckodriverOptions', 'EVERWARM_GECKODRIVER'],
  ],
  edge: [
    ['ms:edgeOptions', 'EVERWARM_EDGE'],
    ['wdio:edgedriverOptions', 'EVERWARM_EDGEDRIVER'],
  ],
}

/**
 * What is to be leased for a browser of Vitest's, and what its session is asked for.
 * @throws EverwarmError BAD_INPUT
 */
export function sessionWish(name: string, asked: unknown, env: Env): SessionWish {
  const capabilities: Capabilities = { ...(asked as Capabilities | undefined) }
  const programs: Record<string, string> = {}
  for (const [options, variable] of PROGRAMS[name] ?? []) {
    const { binary, ...others } = (capabilities[options] ?? {}) as { binary?: string }
    if (binary === undefined) continue
    programs[variable] = binary
    capabilities[options] = others
  }
  const all = { ...env, ...programs }
  const leased = name === 'chrome' && !isHere('chrome', all) ? 'chromium' : name
  const isClassic = browserNamed(leased).engine === 'webkit'
  return {
    lease: { name: leased, driver: isClassic ? 'webdriver' : 'bidi', env: all },
    capabilities: {
      ...capabilities,
      browserName: WIRE_NAMES[leased] ?? leased,
      // It has no BiDi, and webdriverio would ask for it.
      ...(isClassic ? { 'wdio:enforceWebDriverClassic': true } : {}),
    } as WebdriverioOptions['capabilities'],
  }
}

const WIRE_NAMES: Readonly<Record<string, string>> = { chromium: 'chrome', edge: 'MicrosoftEdge', webkit: 'MiniBrowser' }

/** webdriverio takes a Chromium for Chrome too where there is no other. */
function isHere(name: string, env: Env): boolean {
  try {
    return browserProgram(browserNamed(name), env) !== ''
  } catch {
    return false
  }
}
