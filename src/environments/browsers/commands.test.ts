import { expect, test } from 'vitest'
import { taintOf } from './commands.ts'

test.for<[string, object | undefined, boolean]>([
  ['Target.createBrowserContext', { disposeOnDetach: true }, false],
  ['Browser.setDownloadBehavior', { browserContextId: 'C' }, false],
  ['Browser.setDownloadBehavior', { behavior: 'deny' }, true],
  ['Target.createTarget', { url: 'about:blank' }, true],
  ['Storage.setCookies', { browserContextId: 'C' }, false],
  ['Storage.setCookies', undefined, true],
  ['Browser.setWindowBounds', { windowId: 1 }, true],
  ['Browser.crash', undefined, true],
  ['Some.newCommand', { browserContextId: 'C' }, true],
])('%s with %j leaves something: %s', ([method, params, isTaint]) => {
  expect(taintOf({ method, params })).toEqual(isTaint ? { code: 'browser-command', detail: method } : null)
})
