import type { Taint } from '../../contracts/host-wire.ts'

/**
 * Commands to the browser as a whole that change nothing beyond the session that sent them, or the contexts it made,
 * which go with it. All that Playwright itself sends is here; anything else is a test's own doing.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  'Browser.close',
  'Browser.getVersion',
  'Browser.getBrowserCommandLine',
  'Browser.getWindowForTarget',
  'Browser.getWindowBounds',
  'Schema.getDomains',
  'SystemInfo.getInfo',
  'SystemInfo.getProcessInfo',
  'Target.activateTarget',
  'Target.attachToTarget',
  'Target.closeTarget',
  'Target.createBrowserContext',
  'Target.detachFromTarget',
  'Target.disposeBrowserContext',
  'Target.getBrowserContexts',
  'Target.getTargetInfo',
  'Target.getTargets',
  'Target.setAutoAttach',
  'Target.setDiscoverTargets',
  'Tracing.start',
  'Tracing.end',
  'IO.read',
  'IO.close',
])

/** These are about one context, if they name one, and about the profile of the browser otherwise. */
export const OF_A_CONTEXT: ReadonlySet<string> = new Set([
  'Browser.cancelDownload',
  'Browser.grantPermissions',
  'Browser.resetPermissions',
  'Browser.setDownloadBehavior',
  'Browser.setPermission',
  'Storage.clearCookies',
  'Storage.getCookies',
  'Storage.setCookies',
  'Target.createTarget',
])

/** What a command to the whole browser leaves behind that no end of a lease takes back; null: nothing. */
export function taintOf(command: { method?: unknown; params?: { browserContextId?: unknown } }): Taint | null {
  const method = String(command.method)
  if (HARMLESS.has(method)) return null
  if (OF_A_CONTEXT.has(method) && typeof command.params?.browserContextId === 'string') return null
  return { code: 'browser-command', detail: method }
}
