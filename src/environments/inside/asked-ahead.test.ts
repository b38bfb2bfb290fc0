import { expect, test } from 'vitest'
import { AskedAhead } from './asked-ahead.ts'

const call = (i: string, id = '/a.test.ts') => ({ t: 'q' as const, i, m: 'fetch', a: [id, undefined, 'ssr'] })

function asked(): AskedAhead {
  const ahead = new AskedAhead()
  ahead.expect('ahead-1', 'fetch', ['/a.test.ts', undefined, 'ssr'])
  return ahead
}

test('an answer that is there when the world asks is given to it, under its own name', () => {
  const ahead = asked()
  expect(ahead.receive({ t: 's', i: 'ahead-1', r: 'code' })).toBe(null)
  expect(ahead.claim(call('own'))).toEqual({ t: 's', i: 'own', r: 'code' })
})

test('an answer that comes later reaches the call that waits for it', () => {
  const ahead = asked()
  expect(ahead.claim(call('own'))).toBe(null)
  expect(ahead.receive({ t: 's', i: 'ahead-1', e: 'no' })).toEqual({ t: 's', i: 'own', e: 'no' })
})

test('a second call with the same question is asked anew', () => {
  const ahead = asked()
  ahead.claim(call('own'))
  expect(ahead.claim(call('own-2'))).toBe(undefined)
})

test('other calls and other answers pass', () => {
  const ahead = asked()
  expect(ahead.claim(call('own', '/b.test.ts'))).toBe(undefined)
  expect(ahead.receive({ t: 's', i: 'own', r: 1 })).toEqual({ t: 's', i: 'own', r: 1 })
})
