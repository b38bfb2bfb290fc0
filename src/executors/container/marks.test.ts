import { expect, test } from 'vitest'
import { ownMark } from '../../system/process-mark.ts'
import { isDead, ownerText } from './marks.ts'

const self = ownMark()

test('this process is alive', () => {
  expect(isDead(ownerText())).toBe(false)
})

test('a later process with the same number is another one, and so is one of before the last start of the machine', () => {
  expect(isDead(ownerText({ ...self, startedAt: '1' }))).toBe(true)
  expect(isDead(ownerText({ ...self, bootId: 'of before' }))).toBe(true)
})

test('of other machines, other containers and of what is no mark nobody here knows', () => {
  expect(isDead(ownerText({ ...self, host: 'elsewhere', bootId: 'another' }))).toBe(false)
  expect(isDead(ownerText({ ...self, pidSpace: 'pid:[1]', startedAt: '1' }))).toBe(false)
  for (const text of ['', 'x', 'a/b/c', '%/%/%/%/%']) expect(isDead(text)).toBe(false)
})
