import { expect, test } from 'vitest'
import { sessionOf } from './cdp.ts'
import { withoutScratch } from './scratch.ts'

const scratch = { browserContextId: 'AA', sessionId: 'BB' }
const bytes = (value: object) => Buffer.from(JSON.stringify(value))

test('the host’s own page is in no list, and a list keeps its session at its end', () => {
  const targetInfos = [{ browserContextId: 'AA' }, { browserContextId: 'CC' }]
  const shown = withoutScratch(bytes({ id: 1, result: { targetInfos }, sessionId: '0F' }), scratch, () => {})!
  expect(JSON.parse(shown.toString())).toEqual({ id: 1, result: { targetInfos: [{ browserContextId: 'CC' }] }, sessionId: '0F' })
  expect(sessionOf(shown)).toBe('0F')
  const contexts = withoutScratch(bytes({ id: 1, result: { browserContextIds: ['AA', 'CC'] } }), scratch, () => {})!
  expect(JSON.parse(contexts.toString()).result.browserContextIds).toEqual(['CC'])
})

test('no event tells of it, and what was attached to it is let go', () => {
  const detached: string[] = []
  const params = { sessionId: 'S', targetInfo: { browserContextId: 'AA' } }
  expect(withoutScratch(bytes({ method: 'Target.attachedToTarget', params }), scratch, (s) => detached.push(s))).toBeNull()
  expect(withoutScratch(bytes({ method: 'Target.targetCreated', params }), scratch, (s) => detached.push(s))).toBeNull()
  expect(detached).toEqual(['S'])
})

test('other messages are not touched', () => {
  const message = bytes({ method: 'Target.targetCreated', params: { targetInfo: { browserContextId: 'CC' } } })
  expect(withoutScratch(message, scratch, () => {})).toBe(message)
  expect(withoutScratch(message, null, () => {})).toBe(message)
})
