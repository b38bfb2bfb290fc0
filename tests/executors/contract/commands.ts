import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Site } from '../../../src/executors/executor.ts'
import { type Ground, openSite, run } from '../contract-house.ts'

export function commandContract(ground: Ground): void {
  describe('commands', () => {
    let site: Site
    const sh = (line: string) => run(site, ground.house.container, line)
    beforeAll(async () => {
      site = await ground.openSite()
    }, 120_000)
    afterAll(() => site?.close(), 60_000)

    test.each([0, 1, 42])('a command that ends with %i says so', async (code) => {
      expect((await sh(`exit ${code}`)).end).toEqual({ exitCode: code })
    })

    test.each(['KILL', 'TERM'])('a command that SIG%s ended has no exit code', async (signal) => {
      expect((await sh(`kill -${signal} $$; sleep 5`)).end).toMatchObject({ signal: `SIG${signal}` })
    })

    test('arguments arrive as they are, and nobody takes them apart', async () => {
      const texts = ['a b', '', '$HOME', '"quoted"', "it's", 'new\nline', 'ü→𝄞', '*', '\\', '{{ x }}', '-n']
      const { stdout } = await run(site, ground.house.container, ['printf', '%s|', ...texts])
      expect(stdout.toString()).toBe(texts.map((text) => `${text}|`).join(''))
    })

    test('a command runs in its folder, by default in /data/repo', async () => {
      const there = await run(site, ground.house.container, 'pwd -P', { cwd: site.files.path('/data') })
      expect(there.stdout.toString().trim()).toBe(site.files.path('/data'))
      expect((await sh('pwd -P')).stdout.toString().trim()).toBe(site.files.path('/data/repo'))
    })

    test('commands find /data under WORKFLOW_DATA', async () => {
      const { stdout } = await sh('printf %s "$WORKFLOW_DATA"')
      expect(stdout.toString()).toBe(site.files.path('/data'))
    })

    test('its input is empty', async () => {
      expect((await sh('cat')).end).toEqual({ exitCode: 0 })
    })

    test('commands of a site share its /data, whether they share a container or not', async () => {
      await sh('echo of-shared > shared-file')
      const own = await run(site, ground.house.container, 'cat shared-file; echo of-own > own-file', {
        ref: 'own',
        isShared: false,
      })
      expect(own.stdout.toString()).toBe('of-shared\n')
      expect((await sh('cat own-file')).stdout.toString()).toBe('of-own\n')
    })

    test('two commands run at the same time', async () => {
      const hears = run(site, ground.house.container, 'while [ ! -e said ]; do sleep 0.02; done')
      const says = run(site, ground.house.container, 'touch said')
      expect(await Promise.all([hears, says])).toMatchObject([{ end: { exitCode: 0 } }, { end: { exitCode: 0 } }])
    })

    test('two sites do not see each other’s files', async () => {
      const other = await ground.openSite()
      await sh('echo secret > mine; echo secret > ../mine')
      const { stdout } = await run(other, ground.house.container, 'ls -a . ..')
      expect(stdout.toString()).not.toContain('mine')
      await other.close()
    })

    test('a program that is not there is no command that ran', async () => {
      await expect(run(site, ground.house.container, ['no-such-program-here'])).rejects.toMatchObject({
        code: 'COMMAND_NOT_STARTED',
        hint: expect.any(String),
      })
    })

    test('neither is one whose folder is not there', async () => {
      const cwd = site.files.path('/data/no-such-folder')
      await expect(run(site, ground.house.container, ['true'], { cwd })).rejects.toMatchObject({
        code: 'COMMAND_NOT_STARTED',
        message: `"true" was not started: there is no folder ${cwd}.`,
      })
    })

    test('who gives up waits no longer for a site', async () => {
      const gone = AbortSignal.abort(new Error('gave up'))
      await expect(openSite(ground.room, ground.house.container, gone)).rejects.toThrow()
    })

    test('who gives up while it opens waits no longer: there is none, or one that was there already', async () => {
      const controller = new AbortController()
      const opening = openSite(ground.room, ground.house.container, controller.signal)
      controller.abort(new Error('gave up'))
      const opened = await opening.catch((error: Error) => error.message)
      if (typeof opened === 'string') expect(opened).toContain('gave up')
      else await opened.close()
    })

    test('a site is closed twice without harm, and starts nothing any more', async () => {
      const other = await ground.openSite()
      await other.close()
      await other.close()
      await expect(run(other, ground.house.container, 'true')).rejects.toThrow()
    })
  })
}
