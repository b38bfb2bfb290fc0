import { expect, test } from 'vitest'
import type { Executor } from '../../../src/executors/executor.ts'
import { localExecutor, run } from './house.ts'

/** Only the first site of an execution is ever there: others wait until nobody wants them any more, as pods that are pulled. */
async function slowExecutor(): Promise<Executor> {
  const executor = await localExecutor()
  const never = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  return {
    ...executor,
    async open(request) {
      const room = await executor.open(request)
      let count = 0
      return { ...room, openSite: (site) => ((count += 1) === 1 ? room.openSite(site) : never(site.signal)) }
    },
  }
}

test.each([
  ['workers', `{ timeout: 200ms, parallel: { count: 2, shell: 'true' } }`],
  ['workflows', `{ timeout: 200ms, execute: { workflows: [{ name: other }] } }`],
])('a step that times out while places of its %s are being made has timed out, and nothing else', async (_, step) => {
  const more = `---\nkind: Workflow\nmetadata: { name: other }\nspec: { steps: [{ shell: 'true' }] }\n`
  const { result, events } = await run(`steps: [${step}]`, { executor: await slowExecutor(), more })
  expect(result).toMatchObject({ status: 'failed', exitCode: 1, error: { code: 'STEP_TIMEOUT' } })
  const ends = events.filter((event) => event.type === 'worker' && event.status === 'aborted')
  expect(ends.length).toBeGreaterThan(0)
  expect(ends.filter((event) => 'error' in event)).toEqual([])
  expect(JSON.stringify(events)).not.toContain('INTERNAL')
})
