import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Site } from '../../../src/executors/executor.ts'
import { begin, eventually, type Ground, run } from '../contract-house.ts'

const MiB = 1_048_576

export function outputContract(ground: Ground): void {
  describe('output', () => {
    let site: Site
    beforeAll(async () => {
      site = await ground.openSite()
    }, 120_000)
    afterAll(() => site?.close(), 60_000)

    test('both streams arrive byte for byte, each for itself', async () => {
      const ran = await run(site, ground.house.container, String.raw`printf 'a\000\001\377\r\n\303'; printf 'b\376\000' >&2`)
      expect(ran.stdout).toEqual(Buffer.from([97, 0, 1, 255, 13, 10, 0xc3]))
      expect(ran.stderr).toEqual(Buffer.from([98, 254, 0]))
    })

    test('scripts may write to /dev/stdout and /dev/stderr', async () => {
      const ran = await run(site, ground.house.container, 'echo one > /dev/stdout; echo two | tee /dev/stderr > /dev/null')
      expect([ran.stdout.toString(), ran.stderr.toString()]).toEqual(['one\n', 'two\n'])
    })

    test('the last words of a command are heard before its end', async () => {
      const { stdout } = await run(
        site,
        ground.house.container,
        'i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done; exit 3',
      )
      expect(stdout.toString().trimEnd().split('\n')).toHaveLength(500)
    })

    test('while nobody takes 20 MB of output the command waits, and little of it is held', { timeout: 60_000 }, async () => {
      const { promise: opened, resolve: openUp } = Promise.withResolvers<void>()
      let heard = 0
      let atOnce = 0
      let mostAtOnce = 0
      const hear = async (_: string, bytes: Buffer) => {
        mostAtOnce = Math.max(mostAtOnce, (atOnce += 1))
        heard += bytes.length
        await opened
        atOnce -= 1
      }
      const before = process.memoryUsage().arrayBuffers
      const { process: running } = await begin(site, ground.house.container, 'head -c 20971520 /dev/zero; echo done > wrote', {
        hear,
      })
      await eventually('something is heard', () => heard > 0)
      await expect(eventually('all is written', async () => (await site.files.readSmall('.', 9))['wrote'], 500)).rejects.toThrow()
      expect(heard).toBeLessThan(2 * MiB)
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(12 * MiB)
      openUp()
      expect(await running.ended).toEqual({ exitCode: 0 })
      expect(heard).toBe(20 * MiB)
      expect(mostAtOnce).toBe(1)
    })

    test('a site closes although nobody takes the output', async () => {
      const other = await ground.openSite()
      const heard = Promise.withResolvers<void>()
      const never = new Promise<void>(() => {})
      const hear = () => {
        heard.resolve()
        return never
      }
      await begin(other, ground.house.container, 'while :; do echo more; done', { hear })
      await heard.promise
      await other.close()
    })

    test('a process that outlives its command and holds its output does not hold its end', async () => {
      const { end, stdout } = await run(site, ground.house.container, '(sleep 30 &) ; echo said')
      expect(end).toEqual({ exitCode: 0 })
      expect(stdout.toString()).toBe('said\n')
    })
  })
}
