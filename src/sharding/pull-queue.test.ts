import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FORTY_PERCENT, runOver } from '../../benchmarks/sharding/dynamic.ts'
import { type PullEffect, type PullEvent, type PullQueue, pullQueue, step } from './pull-queue.ts'
import { pullUnits } from './pull-unit.ts'
import { duration } from './strategies/duration.ts'
import { failFirst } from './strategies/fail-first.ts'
import { file as byFolder } from './strategies/file.ts'
import { DEFAULT_SETTINGS } from './strategy.ts'
import type { TestFile } from './test-file.ts'
import { testFile } from '../../tests/support/test-file.ts'

const units = (files: TestFile[], workers: number, strategy = duration) => pullUnits(files, workers, strategy, DEFAULT_SETTINGS)
const named = (durations: Record<string, number>) => Object.entries(durations).map(([path, ms]) => testFile(path, ms))

/** Steps through events; what was said to each worker. */
function play(queue: PullQueue, events: PullEvent[]): { queue: PullQueue; effects: PullEffect[] } {
  return events.reduce(
    (at, event) => {
      const next = step(at.queue, event)
      return { queue: next.queue, effects: [...at.effects, ...next.effects] }
    },
    { queue, effects: [] as PullEffect[] },
  )
}
const pull = (workerId: string, mostUnits?: number): PullEvent => ({ type: 'pull', workerId, mostUnits })
const said = (effects: readonly PullEffect[]) =>
  effects.map((effect) => {
    if (effect.type === 'assign') return `${effect.workerId}: ${effect.units.map(({ id }) => id).join(' ')}`
    if (effect.type === 'revoke') return `${effect.workerId} gives ${effect.unitIds.join(' ')}`
    return effect.type === 'ignore' ? `ignored ${effect.unitId} of ${effect.workerId}` : 'done'
  })

test('the longest goes first, and short ones at the end of the list in portions', () => {
  const files = named({ a: 10, b: 20, c: 900, ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`s${i}`, 1])) })
  const { effects } = play(pullQueue(units(files, 2), 2), [pull('x'), pull('y')])
  expect(said(effects)[0]).toBe('x: c')
  expect(said(effects)[1]).toBe('y: b')
})

test('files without history come before all that are known to be short', () => {
  const files = [...named({ short: 5, middle: 30, other: 30 }), testFile('new', 6, { isMeasured: false, highMs: 20 })]
  expect(units(files, 2).map(({ id }) => id)).toEqual(['middle', 'other', 'new', 'short'])
  expect(units(files, 1).map(({ id }) => id)).toEqual(['new', 'middle', 'other', 'short'])
})

test('what failed lately is pulled before what is long', () => {
  const files = [testFile('long', 50), testFile('red', 1, { lastFailedMs: 0 }), testFile('c', 1)]
  expect(units(files, 1, failFirst).map(({ id }) => id)).toEqual(['red', 'long', 'c'])
})

test('a file above half a share is split by its tests, evenly', () => {
  const tests = [40, 30, 20, 10].map((durationMs, i) => ({ name: `t${i}`, durationMs }))
  const files = [testFile('long', 104, { tests }), ...named({ b: 20, c: 20, d: 20 })]
  const parts = units(files, 2).filter(({ tests }) => tests)
  expect(parts.flatMap((part) => part.tests).toSorted()).toEqual(['t0', 't1', 't2', 't3'])
  // Each part pays the 4 ms again that the file took besides its tests.
  expect(parts.map((part) => part.durationMs)).toEqual([44, 34, 34])
  expect(parts.map(({ id }) => id)).toContain('long (part 1 of 3)')
})

test.for<[string, Partial<TestFile>]>([
  ['must run in order', { isSerial: true }],
  ['has one test', { tests: [{ name: 'x', durationMs: 100 }] }],
  ['spends its time before its tests', { tests: ['x', 'y', 'z'].map((name) => ({ name, durationMs: 5 })) }],
  ['has one test that takes nearly all', { tests: [90, 2, 2].map((durationMs, i) => ({ name: `t${i}`, durationMs })) }],
  ['never ran', { isMeasured: false }],
])('a long file is not split when it %s', ([, change]) => {
  const tests = ['x', 'y', 'z'].map((name) => ({ name, durationMs: 33 }))
  expect(units([testFile('long', 100, { tests, ...change }), testFile('b', 10)], 4).map(({ id }) => id)).toContain('long')
})

test('an idle worker takes half of what the most loaded one has not begun', () => {
  const files = named({ a: 9, b: 9, c: 9, d: 9, e: 9, f: 9, g: 9 })
  // A worker that asks ahead: it runs the first and keeps the others.
  const { effects } = play(pullQueue(units(files, 1), 1), [...Array.from({ length: 7 }, () => pull('x', 1)), pull('y')])
  expect(said(effects).slice(-3)).toEqual(['x: g', 'x gives e f g', 'y: e f g'])
})

test('what has begun is never stolen; who finds nothing waits, and gets what a lost worker leaves', () => {
  const start = play(pullQueue(units(named({ a: 9, b: 9 }), 2), 2), [pull('x'), pull('y'), pull('z')])
  expect(said(start.effects)).toEqual(['x: a', 'y: b'])
  expect(start.queue.waiting).toEqual(['z'])
  const after = play(start.queue, [{ type: 'lost', workerId: 'x' }])
  expect(said(after.effects)).toEqual(['z: a'])
  const late = play(after.queue, [
    { type: 'finished', workerId: 'x', unitId: 'a' },
    { type: 'finished', workerId: 'z', unitId: 'a' },
    { type: 'finished', workerId: 'z', unitId: 'a' },
    { type: 'finished', workerId: 'y', unitId: 'b' },
  ])
  expect(said(late.effects)).toEqual(['ignored a of x', 'ignored a of z', 'done'])
})

test('a worker stays with its folder as long as there is something in it, then helps where most is left', () => {
  const files = named({ 'a/1': 9, 'a/2': 8, 'b/1': 30, 'b/2': 7, 'b/3': 7, 'c/1': 5 })
  const events = ['x', 'y', 'x', 'y', 'x', 'x'].map((worker) => pull(worker, 1))
  const { effects } = play(pullQueue(units(files, 2, byFolder), 2), events)
  expect(said(effects)).toEqual(['x: b/1', 'y: a/1', 'x: b/2', 'y: a/2', 'x: b/3', 'x: c/1'])
})

test('a step changes nothing of the queue it was given', () => {
  const deepFreeze = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
      if (value instanceof Map) {
        value.set = () => expect.fail('a map of a queue was changed')
        ;[...value.values()].forEach(deepFreeze)
      }
      Object.values(Object.freeze(value)).forEach(deepFreeze)
    }
    return value
  }
  const first = deepFreeze(pullQueue(units(named({ a: 3, b: 2, c: 1 }), 2), 2))
  const second = deepFreeze(step(first, pull('x')).queue)
  step(second, { type: 'lost', workerId: 'x' })
  expect(said(step(second, pull('y')).effects)).toEqual(said(step(second, pull('y')).effects))
})

test('every unit is finished exactly once, whoever dies, asks twice or answers late', () => {
  const move = fc.record({
    worker: fc.nat(5),
    act: fc.constantFrom('pull', 'pull', 'finish', 'finish', 'finish', 'die', 'late'),
    most: fc.integer({ min: 1, max: 4 }),
  })
  const suite = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 99 })), { maxLength: 25 })
  fc.assert(
    fc.property(suite, fc.array(move, { maxLength: 200 }), fc.constantFrom(duration, byFolder), (sizes, moves, strategy) => {
      const files = sizes.map(([folder, ms], i) => testFile(`${folder}/${i}`, ms))
      const world = new World(pullQueue(units(files, 4, strategy), 4))
      for (const { worker, act, most } of moves) world.move(`w${worker}`, act, most)
      world.finishAll()
      expect(Object.fromEntries(world.counted)).toEqual(Object.fromEntries(files.map(({ id }) => [id, 1])))
      expect(world.queue.open).toBe(0)
      expect([...world.queue.held.values()].flatMap((held) => held.units)).toEqual([])
    }),
    { numRuns: 300 },
  )
})

/** Workers that obey the effects; results are counted unless the queue says to ignore them. */
class World {
  queue: PullQueue
  readonly counted = new Map<string, number>()
  readonly #local = new Map<string, string[]>()
  readonly #past: [string, string][] = []

  constructor(queue: PullQueue) {
    this.queue = queue
  }

  move(worker: string, act: string, most: number): void {
    const own = this.#local.get(worker)
    if (act === 'pull') this.#tell({ type: 'pull', workerId: worker, mostUnits: most })
    if (act === 'finish' && own?.[0] !== undefined) this.#finish(worker, own.shift()!)
    if (act === 'die' && own) {
      for (const id of own) this.#past.push([worker, id])
      this.#local.delete(worker)
      this.#tell({ type: 'lost', workerId: worker })
    }
    const late = this.#past[most]
    if (act === 'late' && late && !this.#local.get(late[0])?.includes(late[1])) this.#finish(...late)
  }

  finishAll(): void {
    for (let round = 0; this.queue.open > 0 && round < 100; round++) {
      this.move('last', 'pull', 4)
      for (const worker of this.#local.keys()) while ((this.#local.get(worker)?.length ?? 0) > 0) this.move(worker, 'finish', 1)
    }
  }

  #finish(worker: string, id: string): void {
    this.#past.push([worker, id])
    const effects = this.#tell({ type: 'finished', workerId: worker, unitId: id })
    if (!effects.some((effect) => effect.type === 'ignore')) this.counted.set(id, (this.counted.get(id) ?? 0) + 1)
  }

  #tell(event: PullEvent): readonly PullEffect[] {
    const { queue, effects } = step(this.queue, event)
    this.queue = queue
    for (const effect of effects) {
      const own = 'workerId' in effect ? (this.#local.get(effect.workerId) ?? []) : []
      if (effect.type === 'assign') this.#local.set(effect.workerId, [...own, ...effect.units.map(({ id }) => id)])
      if (effect.type === 'revoke') {
        expect(effect.unitIds).not.toContain(own[0])
        this.#local.set(
          effect.workerId,
          own.filter((id) => !effect.unitIds.includes(id)),
        )
      }
    }
    return effects
  }
}

test('with estimates 40 % off and a tenth of the files unknown, 10 to 100 workers end within 1.06 of the bound', () => {
  const trials = [10, 25, 50, 100].flatMap((workers) =>
    Array.from({ length: 20 }, (_, seed) => ({ workers, seed, ...runOver({ ...FORTY_PERCENT, workers }, seed + 1) })),
  )
  expect(trials.filter(({ over }) => over > 1.06)).toEqual([])
  expect(trials.filter(({ runs }) => [...runs.values()].some((count) => count !== 1))).toEqual([])
})
