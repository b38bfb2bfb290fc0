import type { DaemonToHost, Taint } from '../../../contracts/host-wire.ts'

/** What a host is told of the browser that it is to lend. */
export type LendingBoot = Extract<DaemonToHost, { kind: 'boot-lending' }>

/** Where the holder of a lease finds its browser; what a driver does not give is absent. */
export interface Addresses {
  /** DevTools of the leased context, as of a browser of its own: for `connectOverCDP`, puppeteer's `connect`. */
  cdp?: string
  /** DevTools of the page that was opened in advance. */
  cdpPage?: string
  /** Base of WebDriver's commands. */
  webdriver?: string
  /** The session of WebDriver that was started in advance; `POST /session` gives the same. */
  sessionId?: string
  /** BiDi's socket of that session. */
  bidi?: string
  /** A page of the lease's own origin, from which workers can be started. */
  code: string
  /** What the session said of itself, as `POST /session` would have answered. */
  capabilities?: Record<string, unknown>
}

/** A browser, or a driver with its browsers, that lends contexts. */
export interface Engine {
  /** Opens a context, from what is kept ready where there is something. @throws what stood in the way */
  lend(): Promise<LentContext>
  /** Ends all at once, by force. */
  kill(): void
  /** What cannot go on without: its end is the host's end. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export interface LentContext {
  addresses: Addresses
  /** Resolves when nothing of it is left, with what is left all the same. */
  end(): Promise<Taint[]>
}

/** What the holder hears on its connection, as one line of JSON. */
export type Greeting = { addresses: Addresses } | { error: { code: string; message: string; hint?: string } }
