import { EverwarmError } from '../../contracts/errors.ts'
import { inPlace, type Place, PLACES } from '../../environments/browsers/lending/code-places.ts'
import type { Addresses } from '../../environments/browsers/lending/engine.ts'
import { namesHint } from '../../system/known-names.ts'
import type { Env } from '../../system/settings.ts'
import { connectDaemon } from '../daemon/client.ts'
import { leaseReached } from '../lease-reached.ts'
import { type OpenContext, openContext } from './open-context.ts'
import { failed, openPage, type Page } from './page.ts'
import { type DriverName, lentProfile } from './profile.ts'
import { attachWebdriverio } from './webdriverio.ts'

export interface LeaseBrowserOptions {
  /** `chromium`, `chrome`, `edge`, `firefox`, `webkit`, `safari`, or another name of one. */
  name: string
  /** The first that the browser has by default: `cdp`, or `webdriver`. */
  driver?: DriverName
  /** How long to stand in line, 60 000 by default. */
  waitMs?: number
  /** Shown by `pool status`. */
  label?: string
  /** What the browser gets, and where the daemon is looked for; this process's own by default. */
  env?: Env
}

export interface EvaluateOptions {
  /** `window` by default. Workers are started from a page of the lease's own origin, which is opened for it. */
  in?: Place
  /** For a function: what it is called with, as JSON. */
  args?: readonly unknown[]
}

/** A context of a warm browser, until it is released or this process ends. */
export interface LeasedBrowser {
  readonly leaseId: string
  readonly addresses: Addresses
  /** Resolves when it is over, by `release` or because the browser ended. */
  readonly closed: Promise<void>
  goto(url: string): Promise<void>
  /**
   * Runs an expression, or a function, in the leased page or in a worker of its own; promises are waited for.
   * @returns what can be said in JSON of its value
   * @throws EverwarmError CODE_FAILED with the stack of the browser
   */
  evaluate(code: string | ((...args: any[]) => unknown), options?: EvaluateOptions): Promise<any>
  /** webdriverio, attached to the leased session (a lease by `webdriver` or `bidi`). @throws EverwarmError PACKAGE_MISSING, BAD_INPUT */
  webdriverio(): Promise<import('webdriverio').Browser>
  release(): Promise<void>
}

const WAIT_MS = 60_000

/**
 * Leases a browser's context from the pool; the daemon is started if none runs.
 * @throws EverwarmError BAD_INPUT, BROWSER_NOT_FOUND, DRIVER_NOT_FOUND, LEASE_TIMEOUT, HOST_START_FAILED, DRIVER_FAILED
 */
export async function leaseBrowser(options: LeaseBrowserOptions): Promise<LeasedBrowser> {
  const { name, driver, waitMs = WAIT_MS, label = `leaseBrowser ${name}`, env = process.env } = options
  const profile = lentProfile({ name, driver, env, cwd: process.cwd() })
  const client = await connectDaemon({ label, env })
  try {
    const { lease, there } = await leaseReached(client, { profile, waitMs }, openContext)
    return leased(lease.leaseId, there, () => client.close())
  } catch (error) {
    await client.close()
    throw error
  }
}

function leased(leaseId: string, { addresses, closed, close }: OpenContext, disconnect: () => Promise<void>): LeasedBrowser {
  let opening: Promise<Page> | undefined
  const page = () => (opening ??= openPage(addresses))

  return {
    leaseId,
    addresses,
    closed,
    goto: async (url) => (await page()).goto(url),
    async evaluate(code, { in: place = 'window', args = [] } = {}) {
      if (!PLACES.includes(place))
        throw new EverwarmError('BAD_INPUT', {
          message: `Code cannot run in "${String(place)}".`,
          hint: namesHint(String(place), PLACES),
        })
      const expression = typeof code === 'function' ? `(${code})(...${JSON.stringify(args)})` : code
      const there = await page()
      if (place !== 'window' && (await there.run('location.href')) !== addresses.code) await there.goto(addresses.code)
      const { value, error } = (await there.run(inPlace(place, expression))) as { value?: unknown; error?: string }
      if (error !== undefined) throw failed(error)
      return value
    },
    webdriverio: () => attachWebdriverio(addresses),
    async release() {
      await opening?.then((one) => one.close()).catch(() => {})
      close()
      await disconnect()
    },
  }
}
