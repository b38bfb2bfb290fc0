import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RemoteHouse, remoteHouse } from './house.ts'

const SNAPSHOTS = `// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html

exports[\`asks 1\`] = \`1\`;

exports[\`nobody asks 1\`] = \`2\`;
`
const FILES: Record<string, string> = {
  'vitest.config.ts': `import { defineConfig } from 'vitest/config'
    export default defineConfig({ test: { include: ['tests/**/*.test.ts'] } })`,
  'tests/red.test.ts': `import { describe, expect, test } from 'vitest'
    describe('a group', () => { test('is wrong', () => expect({ a: 1 }).toEqual({ a: 2 })); test.skip('waits', () => {}) })`,
  'tests/unhandled.test.ts': `import { test } from 'vitest'
    test('is green', async () => { console.log('said by a test'); void Promise.reject(new Error('nobody catches this')); await new Promise((r) => setTimeout(r, 50)) })`,
  'snapshots/vitest.config.ts': `export default { test: { include: ['*.test.ts'] } }`,
  'snapshots/obsolete.test.ts': `import { expect, test } from 'vitest'
    test('asks', () => expect(1).toMatchSnapshot())`,
  'snapshots/__snapshots__/obsolete.test.ts.snap': SNAPSHOTS,
  'snapshots/missing.test.ts': `import { expect, test } from 'vitest'
    test('is new', () => expect({ a: 1 }).toMatchSnapshot())`,
  'snapshots/inline.test.ts': `import { expect, test } from 'vitest'
    test('is new', () => expect({ a: 1 }).toMatchInlineSnapshot())`,
  'tests/broken.test.ts': `throw new Error('cannot be loaded')`,
  ...Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [
      `tests/green-${i}.test.ts`,
      `import { expect, test } from 'vitest'
       test('adds', async () => { await new Promise((r) => setTimeout(r, 100)); expect(1 + ${i}).toBe(${i + 1}) }); test.each([1, 2])('is %i', (n) => expect(n).toBeGreaterThan(0))`,
    ]),
  ),
}

interface Report {
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[]
}

const report = (name: string) => join(house.folder, `${name}.json`)

/** Every test's name and verdict, by file. */
const verdicts = (name: string) =>
  (JSON.parse(readFileSync(report(name), 'utf8')) as Report).testResults
    .map((file) => ({
      file: relative(project, file.name),
      status: file.status,
      tests: file.assertionResults.map((each) => `${each.fullName}: ${each.status}`).sort(),
    }))
    .sort((a, b) => a.file.localeCompare(b.file))

let house: RemoteHouse
let project: string
let stock: ReturnType<typeof verdicts>
let coordinator: ChildProcess

beforeAll(async () => {
  house = await remoteHouse()
  project = await house.project('app', FILES)
  const program = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs')
  await promisify(execFile)(process.execPath, [program, 'run', '--reporter=json', `--outputFile=${report('stock')}`], {
    cwd: project,
    env: { ...process.env, VITEST: undefined, NODE_OPTIONS: undefined },
  }).catch((error: { code: number }) => expect(error.code).toBe(1))
  stock = verdicts('stock')
  coordinator = await house.startCoordinator()
  await house.startWorker('one', await house.checkout(project, 'one'))
  await house.startWorker('two', await house.checkout(project, 'two'))
}, 120_000)
afterAll(() => house?.close(), 60_000)

test('a project on two workers gives the verdicts of a run here, from its own reporters, with its exit code', async () => {
  const { code, stderr } = await house.run(project, '--', '--reporter=json', `--outputFile=${report('remote')}`).ended
  expect(code, stderr).toBe(1)
  expect(verdicts('remote')).toEqual(stock)
  expect(stderr).not.toContain('everwarm')
}, 120_000)

test('files and the host’s options keep to some tests', async () => {
  const { code, stdout, stderr } = await house.run(project, 'green', '--', '-t', 'adds', '--reporter=verbose').ended
  expect(code, stderr).toBe(0)
  expect(stdout).toContain('Test Files  10 passed (10)')
  expect(stdout).toContain('10 passed | 20 skipped')
}, 120_000)

test('an error that no test has caught turns a green run red, as it does here', async () => {
  const { code, stdout, stderr } = await house.run(project, 'unhandled').ended
  expect(code, stderr).toBe(1)
  expect(stdout + stderr).toContain('nobody catches this')
  const { sessions } = await house.client().sessions({ limit: 1 })
  const listed = await fetch(`${house.url()}/api/execution/parallel/${sessions[0]!.id}/artifacts`, {
    headers: { authorization: `Bearer ${house.token}` },
  })
  const { artifacts } = (await listed.json()) as { artifacts: { kind: string; url: string }[] }
  const log = artifacts.find(({ kind }) => kind === 'log')!
  expect(await (await fetch(new URL(log.url, house.url()))).text()).toContain('said by a test')
}, 120_000)

test('a worker that is killed in the middle costs no result, nor does the coordinator', async () => {
  const victim = await house.startWorker('victim', await house.checkout(project, 'three'))
  const running = house.run(project, '--', '--reporter=json', `--outputFile=${report('killed')}`)
  let kills = 0
  for await (const event of house.client().events()) {
    if (event.type !== 'test:completed' || kills > 0) continue
    kills++
    victim.kill('SIGKILL')
    coordinator.kill('SIGKILL')
    break
  }
  await house.startCoordinator()
  const { code, stderr } = await running.ended
  expect(code, stderr).toBe(1)
  expect(stderr).not.toContain('everwarm')
  expect(verdicts('killed')).toEqual(stock)
}, 120_000)

test('without a coordinator, or with a wrong word, it is said what to do', async () => {
  const lost = await house.run(project, '--coordinator', 'http://127.0.0.1:9').ended
  expect([lost.code, lost.stderr]).toEqual([1, expect.stringContaining('COORDINATOR_UNREACHABLE')])
  const wrong = await house.run(project, '--strategy', 'lpt').ended
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('There is no strategy "lpt"')])
  const none = await house.run(project, '--tag', 'gpu').ended
  expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/NO_WORKER_FITS[^]*leave out --tag/)])
}, 120_000)

test('where no file matches, Vitest says so, with its own exit code', async () => {
  const none = await house.run(project, 'nonexistent').ended
  expect([none.code, none.stdout + none.stderr]).toEqual([1, expect.stringContaining('No test files found')])
  const allowed = await house.run(project, 'nonexistent', '--', '--passWithNoTests').ended
  expect(allowed.code, allowed.stderr).toBe(0)
}, 60_000)

test('a configuration that cannot be loaded: what is wrong with it, and no stack', async () => {
  const broken = await house.project('broken', { 'vitest.config.ts': `throw new Error('this one is broken')` })
  const { code, stderr } = await house.run(broken).ended
  expect([code, stderr]).toEqual([1, expect.stringMatching(/LIST_FAILED[^]*this one is broken[^]*Run it by hand/)])
  expect(stderr).not.toMatch(/--host timings|^\s+at /m)
}, 60_000)

test('snapshots that nobody asks for turn no file red outside of CI; one that is missing is not written, and it is said', async () => {
  const below = join(project, 'snapshots')
  const { code, stdout } = await house.run(below, '--directory', 'snapshots', 'obsolete').ended
  expect([code, stdout]).toEqual([0, expect.stringContaining('1 passed')])
  const missing = await house.run(below, '--directory', 'snapshots', 'missing', 'inline').ended
  expect([missing.code, missing.stdout + missing.stderr]).toEqual([1, expect.stringContaining('workers write no snapshots')])
  expect(missing.stdout).toContain('2 failed')
  for (const worker of ['one', 'two']) {
    const [obsolete, inline, none] = [
      '__snapshots__/obsolete.test.ts.snap',
      'inline.test.ts',
      '__snapshots__/missing.test.ts.snap',
    ].map((name) => join(house.folder, worker, 'snapshots', name))
    expect(readFileSync(obsolete!, 'utf8')).toBe(FILES['snapshots/__snapshots__/obsolete.test.ts.snap'])
    expect(readFileSync(inline!, 'utf8')).toBe(FILES['snapshots/inline.test.ts'])
    expect(existsSync(none!)).toBe(false)
  }
}, 60_000)

test('the second SIGTERM ends it while a coordinator does not answer', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { child, ended } = house.run(project, '--coordinator', `http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
  const [socket] = (await once(silent, 'connection')) as [Socket]
  child.kill('SIGTERM')
  child.kill('SIGINT')
  expect((await ended).code).toBe(130)
  socket.destroy()
  silent.close()
}, 60_000)

test.each([
  [['--shards', '0'], 'everwarm test --help'],
  [['--mode', 'x'], 'everwarm test --help'],
  [['--coordinator', 'nonsense'], 'http://127.0.0.1:8632'],
  [['--directory', '..'], '--directory'],
  [['tests/red.test.ts:3'], 'lines are not understood'],
  [['--', '--watch'], '`--watch` does not go with workers'],
])('%j is refused at once', async (args, word) => {
  const { code, stderr } = await house.run(project, ...args).ended
  expect([code, stderr]).toEqual([2, expect.stringContaining(word)])
})
