import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inLine, type Ticket, turnOf } from './group-order.ts'

const ticket = (number: number, cancelsOthers = false, max = 1): Ticket => ({ number, id: `w${number}`, max, cancelsOthers })

test('the first in line runs, the others wait and know who is before them', () => {
  const line = [ticket(1), ticket(2), ticket(3)]
  expect(line.map((mine) => turnOf(line, mine))).toEqual([
    { do: 'run' },
    { do: 'wait', ahead: 1, behind: ['w1'] },
    { do: 'wait', ahead: 2, behind: ['w1', 'w2'] },
  ])
})

test('a newest one that cancels others ends the oldest running one and all who wait before it', () => {
  const line = [ticket(1, false, 2), ticket(2, false, 2), ticket(3, false, 2), ticket(4, true, 2)]
  expect(line.map((mine) => turnOf(line, mine).do)).toEqual(['give-way', 'run', 'give-way', 'wait'])
})

test('one that cancels others harms nobody while there is room', () => {
  const line = [ticket(1, false, 2), ticket(2, true, 2)]
  expect(line.map((mine) => turnOf(line, mine).do)).toEqual(['run', 'run'])
})

test('who drew the same number stands in the order of ids', () => {
  const line = [
    { ...ticket(1), id: 'wb' },
    { ...ticket(1), id: 'wa' },
  ]
  expect(line.map((mine) => turnOf(line, mine).do)).toEqual(['wait', 'run'])
})

/** Holders come and go by chance; each acts on what `turnOf` says, in any order. */
const happenings = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('come' as const), cancels: fc.boolean() }),
    fc.record({ type: fc.constant('go' as const), who: fc.nat(20) }),
    fc.record({ type: fc.constant('look' as const), who: fc.nat(20) }),
  ),
  { maxLength: 60 },
)

test('never more than max run, the line is kept, and who has come last is never the one who gives way', () => {
  fc.assert(
    fc.property(happenings, fc.integer({ min: 1, max: 4 }), (all, max) => {
      let living: Ticket[] = []
      const running = new Set<string>()
      let serial = 0
      for (const each of all) {
        const mine = each.type === 'come' ? undefined : living[each.who % Math.max(1, living.length)]
        if (each.type === 'come') living.push(ticket((serial += 1), each.cancels, max))
        else if (mine && each.type === 'go') living = living.filter((other) => other !== mine)
        else if (mine) {
          const turn = turnOf(living, mine)
          if (turn.do === 'run') running.add(mine.id)
          if (turn.do === 'give-way') {
            expect(mine).not.toBe(living.toSorted(inLine).at(-1))
            if (!running.has(mine.id)) living = living.filter((other) => other !== mine)
          }
        }
        const now = living.filter(({ id }) => running.has(id))
        expect(now.length).toBeLessThanOrEqual(max)
        // Who runs goes on to, and stands before all who do not.
        const line = living.toSorted(inLine)
        expect(line.slice(0, max)).toEqual(expect.arrayContaining(now))
      }
    }),
  )
})
