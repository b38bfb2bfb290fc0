import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '../cli-run.ts'

const root = mkdtempSync(join(tmpdir(), 'ew-full-'))
const disk = join(root, 'disk')
const isRoot = process.platform === 'linux' && process.getuid!() === 0
let isMounted = false

beforeAll(() => {
  const script = `mkdir ${disk} && mount -t tmpfs -o size=200k tmpfs ${disk}`
  isMounted = isRoot && spawnSync('sh', ['-c', script], { stdio: 'ignore' }).status === 0
  const loud =
    'for i in $(seq 3000); do echo "line $i, which is long enough to fill a small disk soon, and the log of it, too"; done'
  const document = (name: string, spec: string) =>
    writeFileSync(join(root, `${name}.yaml`), `kind: Workflow\nmetadata: { name: ${name} }\nspec: ${spec}\n`)
  document('loud', `{ steps: [{ name: Loud, shell: '${loud}' }, { name: Last, shell: echo last }] }`)
  document('large', `{ steps: [{ name: Large, shell: head -c 300000 /dev/zero > x, artifacts: { paths: [x] } }] }`)
})
afterAll(() => {
  if (isMounted) spawnSync('umount', [disk])
  rmSync(root, { recursive: true, force: true })
})

test('a full disk: steps run to their end, and it is said what is full and not whole', { timeout: 30_000 }, async (context) => {
  if (!isMounted) return context.skip('only root can make a small disk')
  const env = { EVERWARM_HOME: join(disk, 'home') }
  const { code, stdout } = await runCli(root, ['run', 'loud.yaml', '--source', 'none'], env)
  expect([code, stdout]).toEqual([
    74,
    expect.stringMatching(/STORE_FULL: The disk of .* is full \(ENOSPC\): \w+ and \w+ of this/),
  ])
  expect(stdout).toContain('✓ Last')
  expect(stdout.match(/not whole\.\n/g)).toHaveLength(3)
  const [listed] = JSON.parse((await runCli(root, ['list', '--json'], env)).stdout)
  expect(listed).toMatchObject({ workflow: 'loud', status: 'failed', exitCode: 74 })
  const none = await runCli(root, ['run', 'loud.yaml', '--source', 'none'], env)
  expect([none.code, none.stderr]).toEqual([74, expect.stringContaining('STORE_FULL: The disk of')])
  expect(readdirSync(join(disk, 'home/executions'))).toEqual([listed.id])
  rmSync(join(disk, 'home'), { recursive: true })
})

test(
  'an artifact that finds no room fails its step by that name, and leaves no part of it',
  { timeout: 30_000 },
  async (context) => {
    if (!isMounted) return context.skip('only root can make a small disk')
    const out = join(disk, 'out')
    const { code } = await runCli(root, ['run', 'large.yaml', '--source', 'none', '--output', out])
    expect(code).toBe(74)
    expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toMatchObject({
      status: 'failed',
      error: { code: 'STORE_FULL' },
    })
    expect(readdirSync(join(out, 'artifacts'))).toEqual([])
    expect(readdirSync(out).sort()).toEqual(['artifacts', 'events.jsonl', 'result.json'])
  },
)
