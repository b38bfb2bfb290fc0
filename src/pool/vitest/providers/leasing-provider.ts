import type { WebdriverBrowserProvider, WebdriverProviderOptions } from '@vitest/browser-webdriverio'
import type { TestProject } from 'vitest/node'
import { EverwarmError, errorFromData } from '../../../contracts/errors.ts'
import { type LeasedBrowser, leaseBrowser } from '../../browsers/lease-browser.ts'
import { remoteWebdriverio } from '../../browsers/webdriverio.ts'
import { notice } from '../notice.ts'
import { sessionWish } from './session-wish.ts'
import { stockReason } from './stock-reason.ts'

/** How long to stand in line. Vitest waits a minute for the page, and a browser of its own has to fit in. */
const WAIT_MS = 30_000

/** Vitest's provider, in a session that is leased for as long as it is open; else as it is. */
export function leasingProvider(Stock: typeof WebdriverBrowserProvider): typeof WebdriverBrowserProvider {
  return class LeasingProvider extends Stock {
    readonly #project: TestProject
    readonly #options: WebdriverProviderOptions
    #opening: Promise<LeasedBrowser | undefined> | undefined
    #isClosed = false

    constructor(project: TestProject, options: WebdriverProviderOptions) {
      super(project, options)
      this.#project = project
      this.#options = options
    }

    /** Its own `openBrowser` creates nothing where there is a browser already, and throws after `close`. */
    override async openBrowser(): Promise<WebdriverIO.Browser> {
      if (!this.browser && !this.#isClosed) {
        this.#opening ??= this.#lease()
        const lease = await this.#opening
        if (lease) this.browser ??= await this.#connected(lease)
      }
      return super.openBrowser()
    }

    override async close(): Promise<void> {
      this.#isClosed = true
      const opening = this.#opening
      this.#opening = undefined
      try {
        await super.close()
      } finally {
        const lease = await opening?.catch(() => undefined)
        await lease?.release()
      }
    }

    async #lease(): Promise<LeasedBrowser | undefined> {
      const { name, headless } = this.#project.config.browser
      const isInspecting = this.#project.vitest.config.inspector?.enabled === true
      const why = stockReason({ name, headless, isInspecting, options: this.#options, env: process.env })
      if (why !== null) return this.#asStock(name, why)
      try {
        const { lease } = sessionWish(name, this.#options.capabilities, process.env)
        return await leaseBrowser({ ...lease, waitMs: WAIT_MS, label: `vitest ${process.cwd()}` })
      } catch (error) {
        const { code, message } = errorFromData(error)
        return this.#asStock(name, `the browser is started as without everwarm (${code}: ${message.split('\n')[0]})`)
      }
    }

    /** @throws EverwarmError ENVIRONMENT_UNAVAILABLE for a browser that Vitest's own provider cannot start */
    #asStock(name: string, why: string): undefined {
      if (name === 'webkit')
        throw new EverwarmError('ENVIRONMENT_UNAVAILABLE', {
          message: `Vitest’s own provider knows no "webkit", and no session of it is leased: ${why}.`,
          hint: 'Only everwarm starts it: see `everwarm lease --list`, and whether EVERWARM=0 is set.',
        })
      if (why !== 'silent') notice(this.#project.vitest.logger.errorStream as NodeJS.WritableStream, why)
    }

    #connected({ addresses }: LeasedBrowser): Promise<WebdriverIO.Browser> {
      const { capabilities } = sessionWish(this.#project.config.browser.name, this.#options.capabilities, process.env)
      return remoteWebdriverio(addresses, { ...this.#options, capabilities })
    }
  }
}
