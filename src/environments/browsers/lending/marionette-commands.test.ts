import { expect, test } from 'vitest'
import { marionetteCommand, statusOf, unwrapped } from './marionette-commands.ts'

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'

test.for<[string, string, object, string, object]>([
  ['POST', 'url', { url: 'a:b' }, 'Navigate', { url: 'a:b' }],
  ['GET', 'element/active', {}, 'GetActiveElement', {}],
  ['POST', 'element', { using: 'css selector', value: 'a' }, 'FindElement', { using: 'css selector', value: 'a' }],
  ['POST', 'element/E/elements', { using: 'x', value: 'y' }, 'FindElements', { using: 'x', value: 'y', element: 'E' }],
  ['GET', 'element/E/attribute/data%2Fid', {}, 'GetElementAttribute', { id: 'E', name: 'data/id' }],
  ['GET', 'element/E/css/color', {}, 'GetElementCSSValue', { id: 'E', propertyName: 'color' }],
  ['POST', 'element/E/value', { text: 'hi', value: ['h', 'i'] }, 'ElementSendKeys', { id: 'E', text: 'hi' }],
  ['POST', 'frame', { id: { [ELEMENT]: 'E' } }, 'SwitchToFrame', { element: 'E' }],
  ['POST', 'frame', { id: null }, 'SwitchToFrame', { id: null }],
  ['GET', 'element/E/screenshot', {}, 'TakeScreenshot', { id: 'E', full: false, hash: false }],
  ['DELETE', 'cookie/a', {}, 'DeleteCookie', { name: 'a' }],
])('%s %s with %j is %s with %j', ([method, path, body, name, params]) => {
  expect(marionetteCommand(method, path, body as Record<string, unknown>)).toEqual({ name: `WebDriver:${name}`, params })
})

test('what WebDriver has not is no command', () => {
  expect(marionetteCommand('GET', 'no/such', {})).toBeUndefined()
  expect(marionetteCommand('PUT', 'url', {})).toBeUndefined()
})

test('one cookie is found among all', () => {
  const { shape } = marionetteCommand('GET', 'cookie/b', {})!
  expect(shape!([{ name: 'a' }, { name: 'b', value: '1' }])).toEqual({ name: 'b', value: '1' })
  expect(shape!([])).toBeUndefined()
})

test('only wrapped values are unwrapped, and errors have the status of the standard', () => {
  expect([unwrapped({ value: null }), unwrapped({ value: 1, more: 2 }), unwrapped([1]), unwrapped(null)]).toEqual([
    null,
    { value: 1, more: 2 },
    [1],
    null,
  ])
  expect(['no such element', 'invalid argument', 'javascript error', 'unknown method'].map(statusOf)).toEqual([
    404, 400, 500, 405,
  ])
})
