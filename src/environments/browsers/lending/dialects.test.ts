import { expect, test } from 'vitest'
import { DIALECTS, fits, merged } from './dialects.ts'

const chrome = DIALECTS.chromium!
const session = { browserName: 'chrome', acceptInsecureCerts: false, pageLoadStrategy: 'normal', platformName: 'linux' }
const args = ['--headless', '--no-sandbox']

test.for<[object, boolean]>([
  [{}, true],
  [{ browserName: 'chrome' }, true],
  [{ browserName: 'Chromium', platformName: 'any' }, true],
  [{ browserName: 'firefox' }, false],
  [{ platformName: 'windows' }, false],
  [{ acceptInsecureCerts: false, pageLoadStrategy: 'normal', proxy: null }, true],
  [{ acceptInsecureCerts: true }, false],
  [{ pageLoadStrategy: 'eager' }, false],
  [{ webSocketUrl: true }, false],
  [{ 'goog:chromeOptions': { args: ['headless', '--no-sandbox'], extensions: [], w3c: true } }, true],
  [{ 'goog:chromeOptions': { args: ['--headless=new'] } }, true],
  [{ 'goog:chromeOptions': { args: ['--lang=de'] } }, false],
  [{ 'goog:chromeOptions': { binary: '/other' } }, false],
  [{ 'goog:chromeOptions': { mobileEmulation: { deviceName: 'x' } } }, false],
  [{ 'wdio:enforceWebDriverClassic': true, 'se:name': 'x' }, true],
  [{ 'se:x': 1, timeouts: { implicit: 5 } }, false],
])('a session that waits is given for %j: %s', ([asked, isGiven]) => {
  expect(fits(asked as Record<string, unknown>, session, chrome, args)).toBe(isGiven)
})

test('wishes are met in the leased browser, whatever program they name', () => {
  const base = chrome.capabilities({ command: '/leased', args })
  const asked = {
    browserName: 'chromium',
    pageLoadStrategy: 'eager',
    'wdio:x': 1,
    proxy: null,
    'goog:chromeOptions': { binary: '/other', args: ['--lang=de', '--headless'], prefs: { a: 1 } },
  }
  expect(merged(base, asked, chrome)).toEqual({
    browserName: 'chrome',
    pageLoadStrategy: 'eager',
    'goog:chromeOptions': {
      binary: '/leased',
      prefs: { a: 1 },
      args: ['--headless', '--no-sandbox', '--remote-debugging-pipe', '--lang=de'],
    },
  })
})
