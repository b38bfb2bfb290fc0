import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { browserNamed, browserProgram, BROWSERS, webdriverProgram } from './names.ts'

const folder = mkdtempSync(join(tmpdir(), 'ew-names-'))
const program = join(folder, 'some-browser')
writeFileSync(program, '#!/bin/sh\n')
chmodSync(program, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.for<[string, string]>([
  ['chrome', 'chrome'],
  ['msedge', 'edge'],
  ['MicrosoftEdge', 'edge'],
  ['firefox-esr', 'firefox'],
  ['MiniBrowser', 'webkit'],
])('"%s" is the browser %s', ([given, name]) => {
  expect(browserNamed(given).name).toBe(name)
})

test('no two browsers have a name in common', () => {
  const all = BROWSERS.flatMap(({ name, aliases }) => [name, ...aliases])
  expect(new Set(all).size).toBe(all.length)
})

test('a browser that there is not is answered with the one that was meant', () => {
  expect(() => browserNamed('firefix')).toThrow(
    expect.objectContaining({ code: 'BAD_INPUT', hint: expect.stringContaining('Did you mean "firefox"?') }),
  )
})

const NAMES = BROWSERS.map(({ name }) => name)

test.for(NAMES)('%s is found where its variable says, and by its name on PATH', (name) => {
  const browser = browserNamed(name)
  expect(browserProgram(browser, { [browser.program.variable]: program })).toBe(program)
  expect(browserProgram(browser, { [browser.program.variable]: 'some-browser', PATH: folder })).toBe(program)
  expect(webdriverProgram(browser, { [browser.webdriver.variable]: program })).toBe(program)
})

test.for(NAMES)('a %s that is not there is an error that says how to install it', (name) => {
  const browser = browserNamed(name)
  const env = { [browser.program.variable]: join(folder, 'nothing') }
  expect(() => browserProgram(browser, env)).toThrow(
    expect.objectContaining({
      code: 'BROWSER_NOT_FOUND',
      message: expect.stringContaining('which is no program'),
      hint: expect.stringContaining(browser.program.variable),
    }),
  )
})

test('Firefox needs no driver of its own, others do', () => {
  expect(webdriverProgram(browserNamed('firefox'), { PATH: folder })).toBeNull()
  expect(() => webdriverProgram(browserNamed('edge'), { PATH: folder })).toThrow(
    expect.objectContaining({ code: 'DRIVER_NOT_FOUND' }),
  )
})
