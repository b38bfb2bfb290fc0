import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseInBand } from '../../src/content/in-band.ts'
import { encodeArgument } from '../../src/workflow/expressions/argument.ts'
import { MAIN, ownFolder, ownHouse, startToolkit, toolkit } from './toolkit-run.ts'

const json = JSON.stringify
const NESTED = `"${process.execPath}" --no-warnings "${MAIN}"`

test('workers get files of this folder, and what they fetch lies in it at once', async () => {
  const folder = ownFolder()
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, `${name}.txt`), name)
  const spec = {
    shards: { files: 'glob("*.txt")' },
    maxCount: 2,
    transfer: [{ from: '/data/repo', files: ['*.txt'], to: 'in' }],
    fetch: [{ from: 'out' }],
    shell: 'mkdir out; cat in/*.txt > out/{{ index }}; echo {{ len(shard.files) }} {{ shard.files.0 }} >> out/{{ index }}',
  }
  const { code, stdout } = await toolkit(folder, ['parallel', json(spec)])
  expect(code).toBe(0)
  expect(stdout).toContain('  2 workers at the same time\n')
  expect(readFileSync(join(folder, 'out/0'), 'utf8')).toBe(`abc2 ${folder}/a.txt\n`)
  expect(readFileSync(join(folder, 'out/1'), 'utf8')).toBe(`abc1 ${folder}/c.txt\n`)
  expect(readdirSync(join(folder, 'cache/sandboxes'))).toEqual([])
})

test('{{ env.X }} is that of the worker, although this process has another X', async () => {
  const folder = ownFolder()
  const spec = {
    matrix: { n: [1, 2] },
    description: 'worker {{ index + 1 }} of {{ matrix.n }}',
    container: {
      env: [
        { name: 'X', value: 'of-worker-{{ matrix.n }}' },
        { name: 'Y', value: '{{ env.X }}!' },
      ],
    },
    run: { command: ['echo', 'saw {{ env.X }} {{ env.Y }} {{ env.EVERWARM_CONFIG }}.'] },
  }
  const args = ['parallel', '--base64', encodeArgument(spec)]
  const { code, stdout } = await toolkit(folder, args, { X: 'of-parent', EVERWARM_CONFIG: '{}' })
  expect(code).toBe(0)
  expect(stdout).toContain('saw of-worker-1 of-worker-1! .\n')
  expect(stdout).toContain('saw of-worker-2 of-worker-2! .\n')
  expect(stdout).toContain('worker 1 of 1')
  expect(stdout).not.toContain('of-parent')
})

test('parallel within parallel: each level knows its own index, and env of its own', { timeout: 60_000 }, async () => {
  const folder = ownFolder()
  const env = (level: string) => [
    ...Object.entries(ownHouse(folder)).map(([name, value]) => ({ name, value })),
    { name: 'LEVEL', value: level },
  ]
  const innermost = { count: 2, container: { env: env('inner') }, shell: 'echo deep {{ index }} {{ env.LEVEL }}' }
  const middle = {
    count: 2,
    container: { env: env('middle-{{ index }}') },
    shell: `echo middle {{ index }} {{ env.LEVEL }}; ${NESTED} parallel --base64 ${encodeArgument(innermost)}`,
  }
  const outer = { container: { env: env('outer') }, shell: `${NESTED} parallel --base64 ${encodeArgument(middle)}` }
  const { code, stdout } = await toolkit(folder, ['parallel', '--base64', encodeArgument(outer)])
  expect(code).toBe(0)
  for (const said of ['middle 0 middle-0', 'middle 1 middle-1']) expect(stdout.split(`] ${said}\n`)).toHaveLength(2)
  for (const said of ['deep 0 inner', 'deep 1 inner']) expect(stdout.split(`] ${said}\n`)).toHaveLength(3)
})

test('no worker is a success, and said; a failed one fails it', async () => {
  const folder = ownFolder()
  const none = await toolkit(folder, ['parallel', json({ shards: { f: 'glob("*.spec.ts")' }, maxCount: 5, shell: 'false' })])
  expect(none.code).toBe(0)
  expect(none.stdout).toMatch(/shards|empty|no worker/i)
  const failed = await toolkit(folder, ['parallel', 'matrix: {a: [0, 1]}\nshell: exit {{ matrix.a }}'])
  expect(failed.code).toBe(1)
  expect(failed.stdout).toContain('The worker #1 of 2 failed')
})

test('a name that nobody knows is 155 before anything runs', async () => {
  const folder = ownFolder()
  const { code, stdout, stderr } = await toolkit(folder, ['parallel', json({ shell: 'echo {{ nobody.knows }}' })])
  expect([code, stdout, stderr]).toEqual([155, '', expect.stringContaining('shell: There is no name "nobody.knows".')])
  expect((await toolkit(folder, ['parallel', json({ count: 'nobody.knows', shell: 'true' })])).code).toBe(155)
})

test('the engine around is told in band what becomes of workers', async () => {
  const folder = ownFolder()
  const { stdout } = await toolkit(folder, ['parallel', json({ count: 1, shell: 'true' })], { EVERWARM_REF: 'r7' })
  const said = stdout.split('\n').flatMap((line) => parseInBand(line) ?? [])
  expect(said.map(({ ref, name, isHint }) => [ref, name, isHint])).toContainEqual(['r7', 'parallel', false])
  expect(said.at(-1)!.value).toMatchObject([{ index: 0, status: 'passed' }])
})

test('SIGTERM ends workers and removes all of them; that is a failure', async () => {
  const folder = ownFolder()
  const run = startToolkit(folder, ['parallel', json({ count: 3, shell: 'echo begun; sleep 60' })])
  await run.said('begun')
  run.child.kill('SIGTERM')
  const { code } = await run.ended
  expect(code).toBe(1)
  expect(readdirSync(join(folder, 'cache/sandboxes'))).toEqual([])
})

test('a second signal ends it at once, with 137', async () => {
  const folder = ownFolder()
  const run = startToolkit(folder, ['parallel', json({ shell: 'trap "" TERM; echo begun; while :; do sleep 0.1; done' })])
  await run.said('begun')
  run.child.kill('SIGINT')
  await run.said('Once more ends it at once')
  run.child.kill('SIGINT')
  expect((await run.ended).code).toBe(137)
})

test('other workflows are run by name and by labels; one that fails fails it', async () => {
  const folder = ownFolder()
  mkdirSync(join(folder, 'w'))
  const file = join(folder, 'w/all.yaml')
  const workflow = (name: string, labels: string, shell: string) =>
    `kind: Workflow\nmetadata: { name: ${name}, labels: ${labels} }\nspec:\n  config: { who: { default: nobody } }\n  steps: [{ shell: '${shell}' }]\n`
  writeFileSync(
    file,
    [
      workflow('one', '{ kind: good }', 'echo one {{ config.who }}'),
      workflow('two', '{ kind: good }', 'echo two'),
      workflow('bad', '{}', 'exit 3'),
    ].join('---\n'),
  )
  const env = { EVERWARM_CONFIG: json({ workflows: [file] }) }
  const item = json({ name: 'one', matrix: { n: [1, 2] }, config: { who: 'you-{{ matrix.n }}' } })
  const args = ['execute', json({ workflows: [{ selector: { matchLabels: { kind: 'good' } } }] }), '-w', item, '-p', '0']
  const { code, stdout } = await toolkit(folder, args, env)
  expect(code).toBe(0)
  for (const said of ['one nobody', 'one you-1', 'one you-2', 'two']) expect(stdout).toContain(`] ${said}\n`)
  expect((await toolkit(folder, ['execute', '-w', '{"name":"bad"}', '-p', '1'], env)).code).toBe(1)
  expect((await toolkit(folder, ['execute', '-w', '{"name":"bad"}', '--async'], env)).code).toBe(0)
  const unknown = await toolkit(folder, ['execute', '-w', '{"name":"ones"}'], env)
  expect(unknown.stdout).toContain('There is no workflow "ones"')
  expect(unknown.code).toBe(155)
})
