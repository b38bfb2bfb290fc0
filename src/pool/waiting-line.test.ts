import { expect, test } from 'vitest'
import { expired, lineOrder, nextDeadline, type Waiting } from './waiting-line.ts'

const entry = (requestId: string, sinceMs = 0, deadlineMs = 100): Waiting => ({
  requestId,
  clientId: requestId[0]!,
  profileKey: 'k',
  contexts: 1,
  sinceMs,
  deadlineMs,
})
const order = (ids: string[], servedAt: Record<string, number> = {}) =>
  lineOrder(
    ids.map((id, i) => entry(id, i)),
    new Map(Object.entries(servedAt)),
  ).map(({ requestId }) => requestId)

test.for<[string, string[], Record<string, number>, string[]]>([
  ['an empty line', [], {}, []],
  ['one client keeps its order', ['a1', 'a2', 'a3'], {}, ['a1', 'a2', 'a3']],
  [
    'a client that asks for much does not hold up one that asks for little',
    ['a1', 'a2', 'a3', 'b1'],
    {},
    ['a1', 'b1', 'a2', 'a3'],
  ],
  ['who was served longest ago comes first', ['a1', 'b1', 'c1'], { a: 9, b: 3, c: 5 }, ['b1', 'c1', 'a1']],
  ['who was never served comes before all', ['a1', 'b1'], { a: 1 }, ['b1', 'a1']],
])('%s', ([, ids, servedAt, expected]) => {
  expect(order(ids, servedAt)).toEqual(expected)
})

test('those whose time is up are found, and when the next one’s is', () => {
  const line = [entry('a1', 0, 100), entry('b1', 0, 50), entry('c1', 0, 70)]
  expect(expired(line, 70).map(({ requestId }) => requestId)).toEqual(['b1', 'c1'])
  expect(nextDeadline(line)).toBe(50)
  expect(nextDeadline([])).toBeUndefined()
})
