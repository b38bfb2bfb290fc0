import type { Capabilities } from './webdriver.ts'

/** How one driver wants to be started and asked. */
export interface Dialect {
  browserName: string
  /** The name of its own options. */
  options: string
  /** Arguments that set the port; `null`: it takes a free one itself, and says so on its output. */
  args(port: number | null): string[]
  /** It takes port 0 and says which one it got. */
  saysPort: boolean
  /** What a session is started with. */
  capabilities(about: { command: string; args: string[] }): Capabilities
  /** Needs a display, and none is there without a window system. */
  needsDisplay: boolean
  /** How many sessions beside the one in use are kept ready; Safari has one for the whole machine. */
  spares: number
}

/** Chrome’s family: over a pipe, so that no port of the browser itself is open, and it ends with its driver. */
const chromium = (browserName: string, options: string): Dialect => ({
  browserName,
  options,
  saysPort: true,
  args: (port) => [`--port=${port ?? 0}`],
  capabilities: ({ command, args }) => ({
    browserName,
    [options]: { binary: command, args: [...args, '--remote-debugging-pipe'] },
  }),
  needsDisplay: false,
  spares: 1,
})

const webkit = (about: Partial<Dialect> & Pick<Dialect, 'browserName' | 'options' | 'capabilities'>): Dialect => ({
  saysPort: false,
  args: (port) => [`--port=${port}`],
  needsDisplay: false,
  spares: 1,
  ...about,
})

/** By the browser’s name in `names.ts`. */
export const DIALECTS: Readonly<Record<string, Dialect>> = {
  chromium: chromium('chrome', 'goog:chromeOptions'),
  chrome: chromium('chrome', 'goog:chromeOptions'),
  edge: chromium('MicrosoftEdge', 'ms:edgeOptions'),
  firefox: {
    browserName: 'firefox',
    options: 'moz:firefoxOptions',
    saysPort: true,
    args: (port) => ['--port', String(port ?? 0), '--websocket-port', '0'],
    capabilities: ({ command, args }) => ({ browserName: 'firefox', 'moz:firefoxOptions': { binary: command, args } }),
    needsDisplay: false,
    spares: 1,
  },
  webkit: webkit({
    browserName: 'MiniBrowser',
    options: 'webkitgtk:browserOptions',
    capabilities: ({ command, args }) => ({
      browserName: 'MiniBrowser',
      'webkitgtk:browserOptions': { binary: command, args: ['--automation', ...args] },
    }),
    needsDisplay: true,
  }),
  safari: webkit({
    browserName: 'safari',
    options: 'safari:options',
    capabilities: () => ({ browserName: 'safari' }),
    spares: 0,
  }),
}

/** Names by which a client may ask for what it got. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  chrome: ['chrome', 'chromium'],
  MicrosoftEdge: ['microsoftedge', 'edge', 'msedge'],
  MiniBrowser: ['minibrowser', 'webkit'],
}

/** For the libraries of clients, never for a browser. */
const OF_CLIENTS = /^(?:wdio|se|appium|webdriver):/

/** Whether a session that was started in advance is what a client asks for. */
export function fits(asked: Capabilities, session: Capabilities, dialect: Dialect, args: readonly string[]): boolean {
  return Object.entries(withoutClients(asked)).every(([name, value]) => {
    if (value === null || value === undefined) return true
    if (name === 'browserName') return names(dialect).includes(String(value).toLowerCase())
    if (name === 'platformName') return value === 'any' || value === session.platformName
    if (name === 'webSocketUrl') return value === false || typeof session.webSocketUrl === 'string'
    if (name === dialect.options) return areOptionsMet(value as Capabilities, args)
    return JSON.stringify(value) === JSON.stringify(session[name])
  })
}

const names = ({ browserName }: Dialect) => SYNONYMS[browserName] ?? [browserName.toLowerCase()]

function areOptionsMet(options: Capabilities, args: readonly string[]): boolean {
  const isSet = (arg: unknown) => args.some((own) => bare(own) === bare(String(arg)))
  return Object.entries(options).every(([name, value]) => {
    if (name === 'w3c') return value === true
    if (name === 'args') return (value as unknown[]).every(isSet)
    return Array.isArray(value) ? value.length === 0 : Object.keys((value as object) ?? {}).length === 0
  })
}

/** `--headless=new` and `headless` are what `--headless` is. */
const bare = (arg: string) => arg.replace(/^-+/, '').replace(/^headless=.*$/, 'headless')

function withoutClients(asked: Capabilities): Capabilities {
  return Object.fromEntries(Object.entries(asked).filter(([name, value]) => value !== null && !OF_CLIENTS.test(name)))
}

/** What a session is started with when a client asks for more: its wishes, in the leased browser. */
export function merged(base: Capabilities, asked: Capabilities, { options, browserName }: Dialect): Capabilities {
  const [own, wanted] = [base[options] as Capabilities | undefined, asked[options] as Capabilities | undefined]
  const args = [...((own?.args as string[]) ?? []), ...((wanted?.args as string[]) ?? [])]
  return {
    ...base,
    ...withoutClients(asked),
    browserName,
    ...(own || wanted ? { [options]: { ...wanted, ...own, ...(args.length > 0 ? { args: [...new Set(args)] } : {}) } } : {}),
  }
}
