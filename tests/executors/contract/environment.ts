import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Site } from '../../../src/executors/executor.ts'
import { command, type Ground, run } from '../contract-house.ts'

/** Shells and engines of containers add these by themselves; by the last one an executor finds what a command has started. */
const OF_NOBODY = new Set(['WORKFLOW_COMMAND', 'PWD', 'OLDPWD', 'SHLVL', '_', 'HOSTNAME', 'TERM'])

export function environmentContract(ground: Ground, marker: string): void {
  describe('environment', () => {
    let site: Site
    beforeAll(async () => {
      site = await ground.openSite()
    }, 120_000)
    afterAll(() => site?.close(), 60_000)

    const seen = async (env: Record<string, string>) => {
      const { stdout } = await run(site, ground.house.container, ['env', '-0'], { env })
      const pairs = stdout.toString().split('\0').filter(Boolean)
      return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
    }
    const named = (env: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(env).filter(([name]) => !OF_NOBODY.has(name)))

    test('a command sees what the site says and what it was given, and nothing else', async () => {
      const env = {
        EMPTY: '',
        LINES: 'one\ntwo\n',
        QUOTES: `"it's"`,
        WORDS: ' ü→𝄞 ',
        DOLLAR: '$HOME `x` {{ y }}',
        'A.B-C': 'name',
      }
      const before = await site.environment(command(site, ground.house.container, 'true'))
      expect(named(await seen(env))).toEqual(named({ ...before, ...env }))
    })

    test('what it was given wins over what there is', async () => {
      expect(await seen({ HOME: '/elsewhere' })).toMatchObject({ HOME: '/elsewhere' })
    })

    test('nothing of the engine’s environment leaks', async () => {
      const names = Object.keys(await seen({}))
      expect(names).not.toContain(marker)
      // Where its house is a toolkit in a step must know, or it has one of its own.
      const isOfHouse = (name: string) => name === 'EVERWARM_HOME' || name === 'EVERWARM_CACHE'
      expect(names.filter((name) => /^(EVERWARM|VITEST|NODE_OPTIONS|npm_)/.test(name) && !isOfHouse(name))).toEqual([])
      expect(await site.environment(command(site, ground.house.container, 'true'))).not.toHaveProperty(marker)
    })

    test('programs are found, and there is a folder for temporary files', async () => {
      const { PATH, WORKFLOW_DATA } = await seen({})
      expect(PATH).toContain('/bin')
      expect(WORKFLOW_DATA).toBe(site.files.path('/data'))
      expect(
        (await run(site, ground.house.container, 'echo x > "${TMPDIR:-/tmp}/x" && cat "${TMPDIR:-/tmp}/x"')).end.exitCode,
      ).toBe(0)
    })
  })
}
