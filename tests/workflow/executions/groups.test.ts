import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fakeClock } from '../../../src/system/fake-clock.ts'
import { executionId } from '../../../src/workflow/executions/execution-id.ts'
import { takeTurn } from '../../../src/workflow/executions/take-turn.ts'
import { startChild, type TestChild } from '../../support/child.ts'

const root = mkdtempSync(join(tmpdir(), 'ew-groups-'))
const children: TestChild[] = []
afterAll(async () => {
  await Promise.all(children.map((child) => child.kill('SIGKILL')))
  rmSync(root, { recursive: true, force: true })
})

function start(groups: string, max: number, cancels?: 'cancels'): TestChild {
  const child = startChild('turn-child.ts', join(root, groups), String(max), ...(cancels ? [cancels] : []))
  children.push(child)
  return child
}

test('processes run in the order in which they came, and one that is killed makes room', { timeout: 30_000 }, async () => {
  const first = start('killed', 1)
  expect(await first.line()).toBe('runs')
  const second = start('killed', 1)
  expect(await second.line()).toBe('waits 1')
  const third = start('killed', 1)
  expect(await third.line()).toBe('waits 2')
  await first.kill('SIGKILL')
  expect(await second.line()).toBe('runs')
  expect(await third.line()).toBe('waits 1')
  second.write('go')
  expect(await second.line()).toBe('left')
  expect(await third.line()).toBe('runs')
  third.write('go')
  expect(await third.line()).toBe('left')
  const [folder] = readdirSync(join(root, 'killed'))
  expect(readdirSync(join(root, 'killed', folder!))).toEqual([])
})

test('one that cancels others ends who runs and who waits, and takes their place', { timeout: 30_000 }, async () => {
  const first = start('cancels', 1)
  expect(await first.line()).toBe('runs')
  const second = start('cancels', 1)
  expect(await second.line()).toBe('waits 1')
  const third = start('cancels', 1, 'cancels')
  expect(await third.line()).toMatch(/^waits [12]$/)
  expect(await second.line()).toBe('EXECUTION_CANCELED')
  expect(await first.line()).toBe('gives way')
  first.write('go')
  expect(await first.line()).toBe('left')
  let said = await third.line()
  while (said.startsWith('waits')) said = await third.line()
  expect(said).toBe('runs')
})

test('eight who come at the same moment never run together', { timeout: 60_000 }, async () => {
  const all = Array.from({ length: 8 }, () => start('crowd', 1))
  let running = 0
  let most = 0
  await Promise.all(
    all.map(async (child) => {
      let said = await child.line()
      while (said.startsWith('waits')) said = await child.line()
      expect(said).toBe('runs')
      most = Math.max(most, (running += 1))
      running -= 1
      child.write('go')
      expect(await child.line()).toBe('left')
    }),
  )
  expect(most).toBe(1)
})

test('a wait ends at its limit, or when it is called off', async () => {
  const groups = join(root, 'limits')
  const clock = fakeClock()
  const signal = new AbortController()
  const request = { groups, group: 'g', max: 1, cancelsOthers: false, clock, signal: signal.signal, onGiveWay: () => {} }
  const held = await takeTurn({ ...request, id: executionId(1) })
  const late = takeTurn({ ...request, id: executionId(2), queueMs: 5_000, onWait: () => clock.advance(5_000) })
  await expect(late).rejects.toMatchObject({ code: 'QUEUE_TIMEOUT' })
  const off = takeTurn({ ...request, id: executionId(3), onWait: () => signal.abort('SIGTERM') })
  await expect(off).rejects.toMatchObject({ code: 'EXECUTION_CANCELED', message: expect.stringContaining('SIGTERM') })
  held.leave()
  expect(clock.waiting()).toBe(0)
})
