import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ExecutionRoom, Executor, Site } from '../../src/executors/executor.ts'
import { createLocalExecutor } from '../../src/executors/local/local-executor.ts'
import { removeTree } from '../../src/executors/local/remove-tree.ts'
import { eventually, newId, openSite, run, sizeOf } from './contract-house.ts'
import { newRoot } from './local-house.ts'

const { root, remove } = newRoot()
const CALLER = {
  PATH: process.env.PATH,
  HOME: '/home/me',
  LC_TIME: 'C',
  https_proxy: 'http://proxy',
  NO_PROXY: 'here',
  XDG_CACHE_HOME: '/home/me/cache',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
  MINE: 'mine',
  OTHER: 'other',
  AWS_SECRET_ACCESS_KEY: 'secret',
  NODE_OPTIONS: '--inspect',
  EVERWARM_HOME: '/home/me/everwarm',
  EVERWARM_TOKEN: 'secret',
  npm_config_registry: 'x',
  TMPDIR: '/caller',
}

describe('the world of local commands', () => {
  let executor: Executor
  let room: ExecutionRoom
  let site: Site
  beforeAll(async () => {
    executor = createLocalExecutor({ root, env: CALLER, passEnv: ['MINE'] })
    room = await executor.open({ id: newId('e'), workflow: 'w' })
    site = await openSite(room, {})
  })
  afterAll(async () => {
    await executor.close()
    remove()
  })

  test('commands see of the caller what programs need to work, and what is passed by name', async () => {
    const { stdout } = await run(site, {}, ['env'])
    const names = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]!)
    const passed = [
      'PATH',
      'HOME',
      'LC_TIME',
      'https_proxy',
      'NO_PROXY',
      'XDG_CACHE_HOME',
      'NODE_EXTRA_CA_CERTS',
      'MINE',
      'EVERWARM_HOME',
    ]
    expect(names.sort()).toEqual([...passed, 'TMPDIR', 'WORKFLOW_COMMAND', 'WORKFLOW_DATA', 'WORKFLOW_EXECUTION'].sort())
  })

  test('its folders are for this user alone', () => {
    for (const name of ['', ...readdirSync(root)]) expect([name, statSync(join(root, name)).mode & 0o077]).toEqual([name, 0])
  })

  test.each(['/etc/everwarm-test', '../../../../everwarm-test', '/data/../everwarm-test', '/data/repo/../../x/everwarm-test'])(
    'nothing is written outside of the sandbox: %s',
    async (path) => {
      await expect(site.files.writeFile(path, Buffer.from('x'))).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
      await expect(site.files.empty(path)).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
      await expect(site.files.unpack(path, Readable.from([]))).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
    },
  )

  test('nor through a link that leads out of it', async () => {
    mkdirSync(join(root, 'beside'))
    writeFileSync(join(root, 'beside', 'kept'), '')
    symlinkSync(join(root, 'beside'), site.files.path('out'))
    symlinkSync(join(root, 'nothing-yet'), site.files.path('nowhere'))
    await expect(site.files.writeFile('out/x', Buffer.from('x'))).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
    await expect(site.files.writeFile('nowhere', Buffer.from('x'))).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
    await expect(site.files.empty('out')).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
    expect(readdirSync(join(root, 'beside'))).toEqual(['kept'])
  })

  test('a pipe is no file, also while nobody writes it', async () => {
    execFileSync('mkfifo', [site.files.path('pipe')])
    await expect(site.files.readFile('pipe', 100)).rejects.toMatchObject({
      code: 'FILE_NOT_READ',
      message: expect.stringContaining('not a file'),
    })
    await expect(site.files.readFile('/dev/zero', 100)).rejects.toMatchObject({
      code: 'FILE_NOT_READ',
      message: expect.stringContaining('not a file'),
    })
  })

  test('what a command leaves in the background may speak on until its site closes', async () => {
    const other = await openSite(room, {})
    const { stdout } = await run(other, {}, '(sleep 0.5; while echo more; do printf . >>spoken; sleep 0.02; done) & echo ok')
    expect(stdout.toString()).toBe('ok\n')
    await eventually('it has spoken for a while', async () => (await sizeOf(other, 'spoken')) > 20)
    await other.close()
  })

  test('a volume below /data is a folder', async () => {
    const container = {
      volumeMounts: [
        { name: 'cache', mountPath: '/data/cache/deep' },
        { name: 'away', mountPath: '/away' },
      ],
    }
    const other = await openSite(room, container)
    expect((await run(other, container, 'ls -d "$WORKFLOW_DATA/cache/deep"')).end).toEqual({ exitCode: 0 })
    expect(existsSync('/away')).toBe(false)
    await other.close()
  })

  test('a command without a program says which executors know one', async () => {
    const asked = { ref: 'shared', container: { image: 'redis' }, isShared: true, env: {}, hear() {} }
    await expect(site.start(asked)).rejects.toMatchObject({
      code: 'COMMAND_NOT_STARTED',
      hint: expect.stringContaining('container executor'),
    })
  })

  test('an execution whose id is there already, or leads elsewhere, is not opened', async () => {
    const id = newId('e')
    await executor.open({ id, workflow: 'w' })
    await expect(executor.open({ id, workflow: 'w' })).rejects.toMatchObject({ code: 'EXECUTOR_UNREACHABLE' })
    await expect(executor.open({ id: '../x', workflow: 'w' })).rejects.toMatchObject({ code: 'EXECUTOR_UNREACHABLE' })
    const away = { id: '../away', commands: [], signal: AbortSignal.timeout(10_000) }
    await expect(room.openSite(away)).rejects.toMatchObject({ code: 'SITE_FAILED' })
  })

  test('a folder with a character of patterns in its name is not taken', async () => {
    const other = createLocalExecutor({ root: join(root, 'a[b]') })
    await expect(other.open({ id: newId('e'), workflow: 'w' })).rejects.toMatchObject({ code: 'EXECUTOR_UNREACHABLE' })
    await other.close()
  })

  test('folders of many files, and such that may not be written, are removed', async () => {
    const folder = join(root, 'many')
    mkdirSync(join(folder, 'closed', 'inner'), { recursive: true })
    for (let i = 0; i < 300; i++) writeFileSync(join(folder, 'closed', `${i}`), '')
    chmodSync(join(folder, 'closed'), 0o500)
    expect(await removeTree(folder)).toBe(true)
    expect(existsSync(folder)).toBe(false)
    expect(await removeTree(folder)).toBe(true)
  })
})
