import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { WorkflowHappening } from '../../../src/contracts/workflow/events.ts'
import { begin, outputOf, run } from './house.ts'

const lines = (text: string) => text.split('\n').filter(Boolean).sort()
const workerEnds = (events: readonly WorkflowHappening[]) =>
  Object.fromEntries(events.flatMap((event) => (event.type === 'worker' ? [[event.index, event.status]] : [])))

test('every combination runs exactly once, with its place, its slice and an environment of its own', async () => {
  const { output, result } = await run(`
container: { env: [{ name: X, value: parent }] }
steps:
  - name: all
    parallel:
      matrix: { os: [linux, mac], v: [{ n: 1 }, { n: 2 }] }
      shards: { files: ['a', 'b', 'c'] }
      count: 2
      parallelism: 3
      container: { env: [{ name: X, value: 'worker-{{ index }}' }] }
      run: { command: [sh, -c, 'echo "{{ index }}/{{ count }} {{ matrix.os }} {{ matrix.v.n }} $* {{ env.X }}"', sh, '{{ shard.files }}'] }
`)
  expect(result.status).toBe('passed')
  expect(lines(output)).toEqual([
    '0/8 linux 1 a b worker-0',
    '1/8 linux 1 c worker-1',
    '2/8 linux 2 a b worker-2',
    '3/8 linux 2 c worker-3',
    '4/8 mac 1 a b worker-4',
    '5/8 mac 1 c worker-5',
    '6/8 mac 2 a b worker-6',
    '7/8 mac 2 c worker-7',
  ])
}, 30_000)

test('workers inside workers have places of their own', async () => {
  const { output } = await run(`
steps:
  - parallel:
      count: 2
      steps:
        - name: inner
          parallel: { count: 'index + 1', shell: 'echo {{ index }} of {{ count }}' }
`)
  expect(lines(output)).toEqual(['0 of 1', '0 of 2', '1 of 2'])
}, 30_000)

test('an empty list starts nobody, and the step says why', async () => {
  const { events, result } = await run(`steps: [{ parallel: { shards: { f: 'glob("*.none")' }, maxCount: 5, shell: exit 1 } }]`)
  expect(result.status).toBe('passed')
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'workers', count: 0, skipped: expect.stringContaining('"f" is empty') }),
  )
})

test('a failed worker fails its step and no other worker; failFast ends them', async () => {
  const spec = (failFast: boolean) => `
steps: [{ name: p, parallel: { count: 4, parallelism: 2, failFast: ${failFast}, shell: 'if [ {{ index }} = 0 ]; then exit 1; else sleep {{ index == 1 && config.long || 0 }}; fi' } }]
config: { long: { type: integer, default: 0 } }
`
  const slow = await run(spec(false))
  expect(workerEnds(slow.events)).toEqual({ 0: 'failed', 1: 'passed', 2: 'passed', 3: 'passed' })
  expect(slow.result).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('The worker #0 of 4 failed') },
  })
  const fast = await run(spec(true), { config: { long: 100 } })
  expect(workerEnds(fast.events)).toEqual({ 0: 'failed', 1: 'aborted', 2: 'skipped', 3: 'skipped' })
  expect(fast.result).toMatchObject({ status: 'failed', exitCode: 1 })
}, 60_000)

test('files go to workers and come back, whatever became of them; the same archive is packed once', async () => {
  const { output, result } = await run(`
content: { files: [{ path: in/a.txt, content: from-parent }, { path: in/run.sh, content: 'echo hi', mode: 0o755 }] }
steps:
  - optional: true
    parallel:
      count: 3
      transfer: [{ from: in, to: /data/repo/got }]
      fetch: [{ from: out, to: 'results/{{ index }}' }]
      shell: 'mkdir out; sh got/run.sh >out/x; cat got/a.txt >>out/x; exit {{ index }}'
  - { shell: 'cat results/*/x; ls results' }
`)
  expect(result.status).toBe('passed')
  expect(output).toBe('hi\nfrom-parenthi\nfrom-parenthi\nfrom-parent0\n1\n2\n')
}, 30_000)

test('a file that two workers bring back is named, with who has brought it', async () => {
  const { events } = await run(
    `steps: [{ parallel: { count: 2, parallelism: 1, fetch: [{ from: out, to: got }], shell: 'mkdir out; echo x >out/x; echo y >out/{{ index }}' } }]`,
  )
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
  expect(warnings).toEqual(['Worker 1: got/x: worker 0 has brought it, too; the last one stays.'])
}, 30_000)

test('what is installed beside the source is seen by the workflow and by workers that get the source', async () => {
  const source = await mkdtemp(join(tmpdir(), 'everwarm-source-'))
  onTestFinished(() => rm(source, { recursive: true, force: true }))
  await mkdir(join(source, 'node_modules/dep'), { recursive: true })
  await writeFile(join(source, 'node_modules/dep/index.js'), 'console.log("dep")')
  await writeFile(join(source, '.hidden'), 'hidden ')
  const { output, result } = await run(
    `steps: [{ shell: 'cat .hidden; node -e "require(''dep'')"', parallel: { count: 2, transfer: [{ from: . }], shell: 'cat .hidden; node -e "require(''dep'')"' } }]`,
    { source },
  )
  expect([result.status, output.split(/\s+/).sort().join(' ').trim()]).toEqual(['passed', 'dep dep dep hidden hidden hidden'])
})

test('what is to be kept out never gets to a step, tracked or not, by whatever way it is named', async () => {
  const source = await mkdtemp(join(tmpdir(), 'everwarm-source-'))
  onTestFinished(() => rm(source, { recursive: true, force: true }))
  for (const folder of ['out', 'private']) await mkdir(join(source, folder))
  for (const file of ['a', 'private/[b]', 'out/c', 'out-of-it']) await writeFile(join(source, file), file)
  await symlink('private/[b]', join(source, 'named'))
  const keepOut = [join(source, 'named'), relative('.', join(source, 'out')), join(source, '../elsewhere'), source]
  const { output } = await run(`steps: [{ shell: 'find . -mindepth 1 | sort' }]`, { source, keepOut })
  expect(output.trim().split('\n')).toEqual(['./a', './out-of-it', './private'])
})

test('who empties what is installed empties nothing of the source', async () => {
  const source = await mkdtemp(join(tmpdir(), 'everwarm-source-'))
  onTestFinished(() => rm(source, { recursive: true, force: true }))
  for (const name of ['dep', '@scope/dep']) {
    await mkdir(join(source, 'node_modules', name), { recursive: true })
    await writeFile(join(source, 'node_modules', name, 'index.js'), 'console.log("dep")')
  }
  const empty = 'rm -rf node_modules/* node_modules/.[a-z]*; mkdir -p node_modules/own; echo own > node_modules/own/a'
  const { output } = await run(
    `steps: [{ shell: '${empty}' }, { parallel: { count: 1, transfer: [{ from: . }], shell: 'ls node_modules; cat node_modules/own/a' } }]`,
    { source },
  )
  expect(output).toBe('own\nown\n')
  expect(await readFile(join(source, 'node_modules/@scope/dep/index.js'), 'utf8')).toContain('dep')
  expect(await readFile(join(source, 'node_modules/dep/index.js'), 'utf8')).toContain('dep')
})

test('paused workers begin together, in waves of as many as there are places', async () => {
  const { output, result, events } = await run(`
steps: [{ parallel: { count: 4, parallelism: 2, delay: '{{ index * 30 }}ms', paused: true, shell: 'date +%s%N' } }]
`)
  expect(result.status).toBe('passed')
  expect(lines(output)).toHaveLength(4)
  const order = events.flatMap((event) =>
    event.type === 'step' && event.ref === 'r0' && ['paused', 'running'].includes(event.status)
      ? [`${event.unit.slice(-1)} ${event.status}`]
      : [],
  )
  const resumed = (n: number) => order.lastIndexOf(`${n} running`)
  const paused = (n: number) => order.indexOf(`${n} paused`)
  expect(Math.max(paused(0), paused(1))).toBeLessThan(Math.min(resumed(0), resumed(1)))
}, 30_000)

test('a worker that cannot be made holds up nobody who waits for it', async () => {
  const { result, events } = await run(`
steps: [{ parallel: { count: 3, transfer: [{ from: '{{ index == 1 && "nowhere" || "." }}', to: x }], paused: true, shell: 'true' } }]
`)
  expect(result.status).toBe('failed')
  expect(workerEnds(events)).toEqual({ 0: 'passed', 1: 'failed', 2: 'passed' })
}, 30_000)

test('items are pulled longest first, set-up and clean-up are done once, and a failure stops no other item', async () => {
  const { output, result } = await run(
    `
steps:
  - parallel:
      shards: { f: [a, bbb, cc, dddd] }
      count: 1
      dynamic: true
      setup: [{ shell: echo setup }]
      run: { command: [sh, -c, 'echo $0; test $0 != cc', '{{ shard.f }}'] }
      after: [{ condition: always, shell: echo after }]
`,
    { estimateMs: (item) => String(item).length },
  )
  expect(output).toBe('setup\ndddd\nbbb\ncc\na\nafter\n')
  expect(result.status).toBe('failed')
})

test('a worker that has pulled nothing has nothing to bring back', async () => {
  const { result, events } = await run(`
steps:
  - parallel: { shards: { item: [a, b] }, dynamic: true, count: 2, parallelism: 1, fetch: [{ from: res }], shell: 'mkdir -p res; echo x >res/{{ shard.item }}' }
  - { shell: test -e res/a && test -e res/b }
`)
  expect(result).toMatchObject({ status: 'passed' })
  expect(events.filter(({ type }) => type === 'warning')).toEqual([])
})

test('slices take as long, by what is known of each item', async () => {
  const ms: Record<string, number> = { a: 900, b: 300, c: 300, d: 300 }
  const { output } = await run(
    `steps: [{ parallel: { shards: { f: [a, b, c, d] }, by: duration, count: 2, run: { command: [echo, '{{ shard.f }}'] } } }]`,
    { estimateMs: (item) => ms[String(item)] },
  )
  expect(lines(output)).toEqual(['a', 'b c d'])
})

test('logs of workers are kept by their expression', async () => {
  const { logs } = await run(
    `steps: [{ optional: true, parallel: { count: 3, logs: failed && index > 0, shell: 'echo {{ index }}; exit 1' } }]`,
  )
  expect([...logs.values()].sort()).toEqual(['1\n', '2\n'])
})

test('a worker knows what has become of steps outside, unless a step of its own has the same id', async () => {
  const { output, result } = await run(`
steps:
  - { id: made, optional: true, shell: exit 7 }
  - { id: same, shell: 'true' }
  - parallel:
      count: 1
      steps:
        - { id: same, optional: true, shell: exit 3 }
        - condition: '!made'
          parallel: { count: 1, shell: 'echo {{ step.made.status }} {{ step.made.exitCode }} {{ made }} {{ status }} {{ step.same.status }}' }
        - { condition: 'step.made.exitCode == 7 && step.same.exitCode == 3', shell: 'echo {{ same }}' }
`)
  expect(result.error?.message ?? output).toBe('failed 7 false passed failed\nfalse\n')
})

test('a worker knows the services and outputs of the steps around it', async () => {
  const { output } = await run(`
steps:
  - { id: make, shell: echo value > $WORKFLOW_OUTPUTS/key }
  - { parallel: { count: 1, shell: 'echo {{ step.make.outputs.key }} {{ resource.fsPrefix }}' } }
`)
  expect(output).toMatch(/^value r\d+\/1\n$/)
})

test('a thousand combinations cost no stack, and end', async () => {
  const { events } = await begin(`steps: [{ parallel: { count: 200, parallelism: 8, shell: 'true' } }]`).then(async (begun) => {
    await begun.running.ended
    return begun
  })
  expect(Object.values(workerEnds(events)).filter((status) => status === 'passed')).toHaveLength(200)
  expect(outputOf(events)).toBe('')
}, 60_000)

test('links: into the folder they go along, out of it they are named and stay behind', { timeout: 30_000 }, async () => {
  const { result, output, events, artifacts } = await run(`
steps:
  - name: a
    shell: |
      mkdir -p releases/1 && echo one > releases/1/app && ln -s "$PWD/releases/1" current && ln -s /etc/hosts out
    artifacts: { paths: ['**/*'] }
    parallel:
      transfer: [{ from: . }]
      fetch: [{ from: back }]
      shell: 'cat current/app; readlink current; [ -L out ] || echo no out; mkdir back; ln -s / back/root; echo b > back/b'
  - shell: cat back/b
`)
  expect(result.status).toBe('passed')
  expect(output).toBe('one\nreleases/1\nno out\nb\n')
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
  expect(warnings).toEqual([
    expect.stringContaining('left out: out -> /etc/hosts.'),
    expect.stringContaining('left out: root -> /.'),
    expect.stringContaining('left out: out -> /etc/hosts.'),
    expect.stringContaining('The artifact out cannot be read'),
  ])
  expect([...artifacts.keys()].sort()).toEqual(['back/b', 'releases/1/app'])
})

test('a link that leads out of the worker shows nothing of this machine to another', { timeout: 30_000 }, async () => {
  const { result, events } = await run(`
steps:
  - shell: ln -s /etc link
  - parallel: { transfer: [{ from: link, files: [hosts] }], shell: 'cat link/hosts' }
`)
  expect(result.status).toBe('failed')
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'worker',
      error: expect.objectContaining({
        code: 'TRANSFER_FAILED',
        message: expect.stringContaining('outside of the folders of this worker'),
      }),
    }),
  )
})
