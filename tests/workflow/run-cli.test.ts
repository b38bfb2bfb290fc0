import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { WorkflowEvent } from '../../src/contracts/workflow/events.ts'
import { runCli, startCli } from './cli-run.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-run-cli-')))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A folder with one workflow in `w.yaml`. */
function project(name: string, spec: string): string {
  const folder = join(root, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'w.yaml'), `kind: Workflow\nmetadata: { name: ${name} }\nspec:\n${spec.replaceAll(/^/gm, '  ')}`)
  return folder
}

const FILES = ['run', 'w.yaml', '--output', 'out']
const lines = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n')
const eventsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as WorkflowEvent)
const TIMEOUT = { timeout: 60_000 }

test(
  'a workflow runs on the files of this folder; its result, events and logs are kept, its secrets nowhere',
  TIMEOUT,
  async () => {
    const folder = project(
      'whole',
      `
config: { workers: { type: integer, default: 1 } }
container: { image: node, env: [{ name: PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }] }
steps:
  - { name: Read, shell: 'echo *.yaml out*; cat hello.txt; echo "$PASSWORD $SEEN"; env | grep -E "^EVERWARM_(SECRET|CONFIG|REF|CREDENTIAL)" | wc -l' }
  - name: Tests
    parallel: { count: config.workers, parallelism: 2, shell: 'echo worker {{ index }}; test {{ index }} != 2' }
`,
    )
    writeFileSync(join(folder, 'hello.txt'), 'hello\n')
    writeFileSync(join(folder, 'secrets.yaml'), 'secrets: { db: { password: correct-horse } }', { mode: 0o600 })
    const args = [...FILES, '--secrets', 'secrets.yaml', '--config', 'workers=3', '--env', 'SEEN']
    const env = { SEEN: 'seen {{ x }}' }
    const { code, stdout, stderr } = await runCli(folder, args, env)
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toContain('warning: container.image (Read, Tests): ')
    expect(stdout).toContain('w.yaml out*\nhello\n**** seen {{ x }}\n0\n')
    expect(stdout).toContain('  3 workers, 2 at a time\n')
    expect(stdout).toContain('[Tests #2] worker 2\n')
    expect(stdout).toMatch(/✗ Tests #2: shell {2}exit code 1\n {2}│ worker 2\n/)
    expect(stdout).toContain('  workers     2 passed, 1 failed\n')
    const out = join(folder, 'out')
    expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toMatchObject({ status: 'failed', exitCode: 1 })
    expect(readdirSync(join(out, 'logs'))).toContain('main.log')
    const kept = readdirSync(out, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
    for (const { parentPath, name } of kept) expect(readFileSync(join(parentPath, name), 'utf8')).not.toContain('correct-horse')
    expect(lines(join(out, 'events.jsonl')).length).toBeGreaterThan(10)
  },
)

test('--json prints events and nothing else; they are those that are kept', TIMEOUT, async () => {
  const folder = project('json', `steps: [{ name: One, shell: 'echo out; echo err >&2' }]`)
  const { code, stdout, stderr } = await runCli(folder, [...FILES, '--json', '--source', 'none'])
  expect([code, stderr]).toEqual([0, ''])
  expect(eventsOf(stdout).at(-1)).toMatchObject({ type: 'execution', workflow: 'json', status: 'passed' })
  expect(stdout).toBe(readFileSync(join(folder, 'out', 'events.jsonl'), 'utf8'))
})

test('who does not read on does not end it', TIMEOUT, async () => {
  const folder = project('unread', `steps: [{ shell: 'for i in $(seq 20); do echo $i; sleep 0.02; done' }]`)
  const run = startCli(folder, [...FILES, '--source', 'none'])
  await run.said('\n3\n')
  run.child.stdout!.destroy()
  run.child.stderr!.destroy()
  expect((await run.ended).code).toBe(0)
  expect(JSON.parse(readFileSync(join(folder, 'out', 'result.json'), 'utf8'))).toMatchObject({ status: 'passed' })
})

test('--dry-run says what would run where, and runs nothing', TIMEOUT, async () => {
  const folder = project('dry', `container: { image: node }\nsteps: [{ name: One, shell: touch ran }]`)
  const [{ code, stdout }, rendered] = await Promise.all([
    runCli(folder, ['run', 'w.yaml', '--dry-run']),
    runCli(folder, ['render', 'w.yaml']),
  ])
  expect(code).toBe(0)
  expect(stdout.startsWith(`${rendered.stdout}\n`)).toBe(true)
  expect(stdout).toContain(`Would run with the executor local, with the files of ${folder}.`)
  expect(stdout).toContain('warning: container.image (One): Commands run with the programs of this machine.')
  expect(readdirSync(folder)).toEqual(['w.yaml'])
})

const SECRET = `kind: Workflow
metadata: { name: secret }
spec:
  steps: [{ shell: touch begun }, { name: Second,
    shell: 'x {{ secret("a", "b") }}' }]`

test('what is wrong is said before anything runs: 2 on the command line, 155 in the workflow', TIMEOUT, async () => {
  const folder = project('wrong', `container: { image: node }\nsteps: [{ shell: ls }]`)
  writeFileSync(join(folder, 'secret.yaml'), SECRET)
  const asked: [string[], number, RegExp][] = [
    [['run', 'w.yaml', '--executor', 'dokcer'], 2, /There is no executor "dokcer"[^]*Did you mean "docker"/],
    [['run', 'w.yaml', '--source', 'nowhere'], 2, /is no folder/],
    [['run', 'w.yaml', '--env', 'NOT_THERE'], 2, /there is no variable NOT_THERE/],
    [['run', 'w.yaml', '--strict'], 155, /FIELD_UNSUPPORTED.*container\.image/],
    [['run', 'w.yaml', '--config', 'x=1'], 155, /There is no parameter "x"/],
    [['run', 'secret.yaml'], 155, /SECRET_UNKNOWN: secret\.yaml:5:18: shell of "Second": There is no key "b" of the secret "a"/],
    [['run', 'w.yaml', '--output', 'w.yaml'], 2, /BAD_INPUT: The folder .*w\.yaml is not a folder/],
    [['run', 'w.yaml', '--secrets', 'none.yaml'], 2, /none\.yaml cannot be read \(ENOENT\)[^]*--secrets takes/],
    [['pause', 'wnothing'], 2, /EXECUTION_UNKNOWN: There is no execution "wnothing"/],
  ]
  const ends = await Promise.all(asked.map(([args]) => runCli(folder, args)))
  ends.forEach(({ code, stderr }, i) => expect([code, stderr]).toEqual([asked[i]![1], expect.stringMatching(asked[i]![2])]))
  expect(readdirSync(join(folder, 'home/executions'))).toEqual([])
})

test('a variable that names no folder is asked wrongly, and named', TIMEOUT, async () => {
  const folder = project('unusable', `steps: [{ shell: ls }]`)
  const file = join(folder, 'w.yaml')
  const ends = await Promise.all([
    runCli(folder, ['run', 'w.yaml'], { EVERWARM_HOME: file }),
    runCli(folder, ['list'], { EVERWARM_HOME: file }),
    runCli(folder, ['run', 'w.yaml'], { EVERWARM_CACHE: join(file, 'below') }),
    runCli(folder, ['run', 'w.yaml', '--executor', 'kubernetes', '--image', 'x'], { KUBECONFIG: '/nowhere' }),
  ])
  const names = ['EVERWARM_HOME', 'EVERWARM_HOME', 'EVERWARM_CACHE', 'KUBECONFIG']
  ends.forEach(({ code, stderr }, i) => {
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^everwarm BAD_INPUT: /)])
    expect(stderr).toContain(names[i])
  })
  expect(existsSync(join(folder, 'home'))).toBe(false)
})

const LONG = `
steps: [{ name: Long, shell: 'echo begun; sleep 60' }]
after: [{ name: Clean, condition: always, shell: 'echo cleaned; sleep 0.2; echo done' }]
`

test('Ctrl-C ends it gracefully with 137, a second one at once', TIMEOUT, async () => {
  const folder = project('signals', LONG)
  const once = startCli(folder, ['run', 'w.yaml', '--source', 'none'])
  const twice = startCli(folder, ['run', 'w.yaml', '--source', 'none'])
  await Promise.all([once.said('begun'), twice.said('begun')])
  once.child.kill('SIGINT')
  twice.child.kill('SIGTERM')
  twice.child.kill('SIGINT')
  const [gently, hard] = await Promise.all([once.ended, twice.ended])
  expect([gently.code, hard.code]).toEqual([137, 137])
  expect(gently.stdout).toContain('cleaned\ndone\n')
  expect(gently.stdout).toMatch(/signals canceled/)
  expect(hard.stdout).not.toContain('done')
})

test('a running one is listed, paused, resumed and canceled from elsewhere', TIMEOUT, async () => {
  const ticks = 'for i in $(seq 100); do echo tick $i; sleep 0.1; done'
  const folder = project('control', `steps: [{ name: Ticks, shell: '${ticks}' }]`)
  const running = startCli(folder, ['run', 'w.yaml', '--source', 'none'])
  await running.said('tick 2')
  const [{ id }] = JSON.parse((await runCli(folder, ['list', '--json'])).stdout) as [{ id: string }]
  expect((await runCli(folder, ['pause', id])).stdout).toBe(`${id} pauses\n`)
  const shown = (await runCli(folder, ['status', id])).stdout
  expect(shown).toMatch(/^control {2}paused .*\n {2}goes on with: everwarm workflow resume .*\n {2}‖ Ticks {2}\d:\d\d, paused\n/)
  expect((await runCli(folder, ['pause', id])).stderr).toContain('Nothing of')
  const nowhere = await runCli(folder, ['pause', id, 'r9.9'])
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('There is no unit "r9.9" that runs.')])
  expect((await runCli(folder, ['resume', id])).stdout).toBe(`${id}: 1 unit goes on\n`)
  expect((await runCli(folder, ['cancel', id])).stdout).toBe(`${id} ends\n`)
  expect((await running.ended).code).toBe(137)
  const late = await runCli(folder, ['cancel', id])
  expect([late.code, late.stderr]).toEqual([1, expect.stringContaining(`Execution ${id} is over: canceled.`)])
  expect((await runCli(folder, ['status', id])).stdout).toContain('control canceled')
})

test('of one group only one runs; when it is killed the next begins, and it is listed as killed', TIMEOUT, async () => {
  const folder = project(
    'group',
    `concurrency: { group: deploy }\nexecution: { tags: { team: web } }\ntimeouts: { queue: 30s }\nsteps: [{ shell: 'echo begun; sleep 60' }]`,
  )
  const first = startCli(folder, ['run', 'w.yaml', '--source', 'none'])
  await first.said('begun')
  const second = startCli(folder, ['run', 'w.yaml', '--source', 'none'])
  await second.said('group queued')
  first.child.kill('SIGKILL')
  await second.said('begun')
  const all = JSON.parse((await runCli(folder, ['list', '--json'])).stdout) as { id: string; status: string; tags: object }[]
  expect(all.map(({ status, tags }) => [status, tags])).toEqual([
    ['running', { team: 'web' }],
    ['killed', { team: 'web' }],
  ])
  const killed = (await runCli(folder, ['status', all[1]!.id])).stdout
  expect(killed).toMatch(/ {2}tags team=web\n {2}■ shell\n/)
  expect(killed).toContain('■ group killed')
  expect(killed).toContain('Its process was killed')
  expect(readdirSync(join(folder, 'home/executions', all[1]!.id)).sort()).toEqual(['events.jsonl', 'execution.json', 'logs'])
  second.child.kill('SIGTERM')
  expect((await second.ended).code).toBe(137)
})
