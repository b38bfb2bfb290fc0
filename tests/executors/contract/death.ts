import { describe, expect, test } from 'vitest'
import { startChild } from '../../support/child.ts'
import { begin, type ContractHouse, eventually, type Ground, grows, newId, run, sizeOf, beats } from '../contract-house.ts'

/** By then nothing of a dead engine may run any more, ms. */
const GONE_WITHIN_MS = 60_000

export function deathContract(ground: Ground, open: () => Promise<ContractHouse>, module: URL | undefined): void {
  describe('death of the engine', () => {
    test.skipIf(!module)(
      'a killed engine leaves nothing that runs, and nothing at all after a sweep',
      { timeout: 120_000 },
      async () => {
        const id = newId('d')
        const engine = startChild('../executors/engine-child.ts', module!.href, id)
        expect(await engine.line()).toBe('begun')
        expect((await ground.house.left(id)).running).not.toEqual([])
        await engine.kill('SIGKILL')
        const nothingRuns = async () => (await ground.house.left(id)).running.length === 0
        const tookMs = await eventually('nothing runs any more', nothingRuns, GONE_WITHIN_MS)
        console.info(`after kill -9 of the engine nothing ran any more within ${Math.round(tookMs)} ms`)
        await ground.house.executor.sweep()
        expect(await ground.house.left(id)).toEqual({ running: [], kept: [] })
      },
    )

    test('a sweep touches nothing of an engine that lives', { timeout: 120_000 }, async () => {
      const id = newId('e')
      const room = await ground.house.executor.open({ id, workflow: 'contract' })
      const site = await ground.openSite(room)
      const { process } = await begin(site, ground.house.container, beats('alive'))
      await eventually('it beats', () => sizeOf(site, 'alive'))
      const before = await ground.house.left(id)
      const other = await open()
      await other.executor.sweep()
      await ground.house.executor.sweep()
      await other.close()
      expect(await ground.house.left(id)).toEqual(before)
      expect(await grows(site, 'alive')).toBe(true)
      expect((await run(site, ground.house.container, 'exit 5')).end).toEqual({ exitCode: 5 })
      await process.stop(0)
      await room.close()
    })
  })
}
