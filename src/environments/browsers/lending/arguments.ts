import type { Browser } from '../names.ts'

/** Parts that a test never sees, and that would talk to the network or the desktop by themselves. */
const QUIET = [
  '--no-first-run',
  '--no-default-browser-check',
  '--no-service-autorun',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--disable-quic',
  '--password-store=basic',
  '--use-mock-keychain',
  '--disable-features=Translate,OptimizationHints,MediaRouter',
]

/** A page that is not in front works on as if it were: contexts stand beside each other. */
const UNHURRIED = [
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-background-timer-throttling',
]

/**
 * What a browser is started with to be lent, without a port and without its profile's folder.
 * As root Chromium runs only without its sandbox.
 */
export function lendingArguments({ engine }: Browser, driver: 'cdp' | 'webdriver' | 'bidi'): string[] {
  if (engine === 'firefox') return ['-headless']
  if (engine === 'webkit') return []
  const isRoot = process.getuid?.() === 0
  return [
    '--headless',
    '--disable-gpu',
    ...QUIET,
    ...UNHURRIED,
    ...(isRoot ? ['--no-sandbox'] : []),
    // A driver opens its first page itself, and says itself how it speaks to the browser.
    ...(driver === 'cdp' ? ['--remote-debugging-pipe', '--no-startup-window'] : []),
  ]
}
