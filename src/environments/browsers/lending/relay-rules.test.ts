import { expect, test } from 'vitest'
import { judgeRootCommand, judgeTargetCommand, type Verdict } from './relay-rules.ts'

const own = {
  contextId: 'MINE',
  contexts: new Set(['MINE', 'ALSO']),
  contextOf: (target: string) => ({ page: 'MINE', other: 'THEIRS' })[target],
}
const pass: Verdict = { do: 'pass' }
const refused = { do: 'refuse' }

test.for<[string, object | undefined, object]>([
  ['Target.createTarget', { url: 'about:blank' }, { do: 'pass', params: { url: 'about:blank', browserContextId: 'MINE' } }],
  ['Target.createTarget', { url: 'about:blank', browserContextId: 'ALSO' }, pass],
  ['Target.createTarget', { url: 'about:blank', browserContextId: 'THEIRS' }, refused],
  ['Target.createBrowserContext', undefined, { do: 'pass', params: { disposeOnDetach: true } }],
  ['Target.disposeBrowserContext', { browserContextId: 'ALSO' }, pass],
  ['Target.disposeBrowserContext', { browserContextId: 'THEIRS' }, refused],
  ['Target.attachToTarget', { targetId: 'page' }, pass],
  ['Target.attachToTarget', { targetId: 'other' }, refused],
  ['Target.attachToTarget', { targetId: 'unknown' }, pass],
  ['Target.closeTarget', { targetId: 'other' }, refused],
  ['Target.getTargetInfo', undefined, pass],
  ['Target.attachToBrowserTarget', undefined, pass],
  ['Storage.setCookies', { cookies: [] }, { do: 'pass', params: { cookies: [], browserContextId: 'MINE' } }],
  ['Browser.setDownloadBehavior', { browserContextId: 'THEIRS' }, refused],
  ['Browser.close', undefined, { do: 'answer', isLast: true }],
  ['Browser.crash', undefined, refused],
  ['Target.exposeDevToolsProtocol', { targetId: 'page' }, refused],
  ['Some.newCommand', undefined, refused],
])('to the browser, %s with %j is judged %j', ([method, params, verdict]) => {
  expect(judgeRootCommand({ method, params: params as Record<string, unknown> }, own)).toMatchObject(verdict)
})

test.for<[string, object | undefined, object]>([
  ['Page.navigate', { url: 'about:blank' }, pass],
  ['Browser.getWindowForTarget', undefined, { do: 'pass' }],
  ['Browser.setDownloadBehavior', { behavior: 'deny' }, { do: 'pass', params: { behavior: 'deny', browserContextId: 'MINE' } }],
  ['Browser.close', undefined, { do: 'answer', isLast: true }],
  ['Browser.crashGpuProcess', undefined, refused],
])('to a page, %s with %j is judged %j', ([method, params, verdict]) => {
  expect(judgeTargetCommand({ method, params: params as Record<string, unknown> }, own)).toMatchObject(verdict)
})
