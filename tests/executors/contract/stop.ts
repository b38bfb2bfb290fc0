import { describe, expect, test } from 'vitest'
import { beats, begin, eventually, type Ground, growing, grows, newId, sizeOf } from '../contract-house.ts'

/** A tree that beats: the command itself, a child, a grandchild whose parent is gone, and one in a session of its own. */
const TREE = [
  `(${beats('child')}) &`,
  `( (${beats('orphan')}) & )`,
  `if command -v setsid > /dev/null; then setsid sh -c '${beats('session')}' & else : > session; fi`,
  beats('main'),
].join('\n')
const FILES = ['main', 'child', 'orphan', 'session']

export function stopContract(ground: Ground): void {
  describe('stop and pause', () => {
    const tree = async (line: string) => {
      const site = await ground.openSite()
      const begun = await begin(site, ground.house.container, line)
      return { site, ...begun }
    }

    test('a command that is told to stop ends in its own way if it does so in time', async () => {
      const { site, process, ran } = await tree(`trap 'echo bye; exit 3' TERM; touch ready; ${beats('main')}`)
      await eventually('it is ready', () => sizeOf(site, 'main'))
      await process.stop(10_000)
      expect(await ran()).toMatchObject({ end: { exitCode: 3 }, stdout: Buffer.from('bye\n') })
      await site.close()
    })

    test('one that does not is killed after its time', async () => {
      const { site, process, ran } = await tree(`trap '' TERM; ${beats('main')}`)
      await eventually('it is ready', () => sizeOf(site, 'main'))
      await process.stop(200)
      expect((await ran()).end).toMatchObject({ signal: 'SIGKILL' })
      expect(await grows(site, 'main')).toBe(false)
      await site.close()
    })

    test('all that it has started ends with it, also what has left its parent or its group', async () => {
      const { site, process, ran } = await tree(`trap '' TERM\n${TREE}`)
      for (const file of FILES) await eventually(`${file} beats`, () => sizeOf(site, file))
      await process.stop(200)
      await ran()
      expect(await growing(site, FILES)).toEqual([])
      await site.close()
    })

    test('a paused command stands still with all its children, and goes on', async () => {
      const { site, process } = await tree(TREE)
      for (const file of FILES) await eventually(`${file} beats`, () => sizeOf(site, file))
      await process.pause()
      expect(await growing(site, FILES)).toEqual([])
      await process.resume()
      expect(await growing(site, ['main', 'child', 'orphan'])).toHaveLength(3)
      await process.stop(0)
      await site.close()
    })

    test('a paused command can be stopped', async () => {
      const { site, process, ran } = await tree(TREE)
      await eventually('it beats', () => sizeOf(site, 'main'))
      await process.pause()
      await process.stop(300)
      expect((await ran()).end.signal).toMatch(/^SIG(TERM|KILL)$/)
      expect(await grows(site, 'orphan')).toBe(false)
      await site.close()
    })

    test('what has ended is paused, resumed and stopped without harm', async () => {
      const { site, process } = await tree('true')
      await process.ended
      await process.pause()
      await process.resume()
      await process.stop(1_000)
      await site.close()
    })

    test('a site that closes leaves no process, and an execution that closes leaves nothing', async () => {
      const id = newId('e')
      const room = await ground.house.executor.open({ id, workflow: 'contract' })
      const site = await ground.openSite(room)
      const { ran } = await begin(site, ground.house.container, TREE)
      for (const file of FILES) await eventually(`${file} beats`, () => sizeOf(site, file))
      expect((await ground.house.left(id)).running).not.toEqual([])
      const forgotten = await ground.openSite(room)
      await begin(forgotten, ground.house.container, TREE)
      await site.close()
      await ran()
      await room.close()
      await room.close()
      await eventually('nothing is left', async () => {
        const { running, kept } = await ground.house.left(id)
        return running.length + kept.length === 0
      })
    })
  })
}
