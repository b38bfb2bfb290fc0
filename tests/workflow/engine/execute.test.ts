import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { run } from './house.ts'

const child = (name: string, spec: string, labels = '') =>
  `---\nkind: Workflow\nmetadata: { name: ${name}${labels} }\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n`

test('other workflows run by name and by label, with parameters, once for each instance', async () => {
  const { output, result } = await run(
    `steps: [{ execute: { parallelism: 2, workflows: [{ name: one, config: { who: 'n{{ index }}' }, count: 2 }, { selector: { matchLabels: { kind: x } } }] } }]`,
    {
      more:
        child('one', `config: { who: {} }\nsteps: [{ shell: 'echo one {{ config.who }}' }]`) +
        child('two', `steps: [{ shell: echo two }]`, ', labels: { kind: x }'),
    },
  )
  expect(result.status).toBe('passed')
  expect(output.split('\n').filter(Boolean).sort()).toEqual(['one n0', 'one n1', 'two'])
}, 30_000)

test('a child that fails fails its step, and is named; one that nobody waits for does not', async () => {
  const more = child('bad', `steps: [{ shell: echo bad; exit 1 }]`)
  const waited = await run(`steps: [{ execute: { workflows: [{ name: bad }] } }]`, { more })
  expect(waited.result).toMatchObject({ status: 'failed', error: { message: 'The workflow "bad" failed.' } })
  const left = await run(`steps: [{ execute: { async: true, workflows: [{ name: bad }] } }]`, { more })
  expect(left.result.status).toBe('passed')
  expect(left.output).toBe('bad\n')
}, 30_000)

test('a count of 0 executes nothing, and says why', async () => {
  const more = child('one', 'steps: [{ shell: echo one }]')
  const { result, output, events } = await run(`steps: [{ execute: { workflows: [{ name: one, count: 0 }] } }]`, { more })
  expect([result.status, output]).toEqual(['passed', ''])
  expect(events).toContainEqual(expect.objectContaining({ type: 'workers', count: 0, skipped: 'Its count is 0.' }))
})

test('archives go to children by their address', async () => {
  const { output } = await run(
    `content: { files: [{ path: give/a, content: given }] }\nsteps: [{ execute: { workflows: [{ name: one, config: { url: '{{ tarball.data.url }}' }, tarball: { data: { from: give } } }] } }]`,
    {
      more: child(
        'one',
        `config: { url: {} }\ncontent: { tarball: [{ url: '{{ config.url }}', path: got }] }\nsteps: [{ shell: cat got/a }]`,
      ),
    },
  )
  expect(output).toBe('given')
}, 30_000)

test('a workflow that there is not, and one that executes itself, are refused', async () => {
  const none = await run(`steps: [{ execute: { workflows: [{ name: mian }] } }]`)
  expect(none.result).toMatchObject({
    exitCode: 155,
    error: { message: expect.stringContaining('There is no workflow "mian"'), hint: expect.stringContaining('main') },
  })
  const itself = await run(`steps: [{ execute: { workflows: [{ name: main }] } }]`)
  expect(itself.result.error?.message).toMatch(
    /^The workflow "main" failed: .*Workflows execute each other more than 10 levels deep\.$/,
  )
  expect(itself.result.error?.message.split('The workflow "main" failed')).toHaveLength(2)
}, 60_000)

test('an executed workflow begins empty, and gets files as an archive; what it is for is shown', async () => {
  const source = await mkdtemp(join(tmpdir(), 'everwarm-source-'))
  onTestFinished(() => rm(source, { recursive: true, force: true }))
  for (const suite of ['unit', 'api']) {
    await mkdir(join(source, 'tests', suite), { recursive: true })
    await writeFile(join(source, 'tests', suite, 'a.test.mjs'), 'import test from "node:test"\ntest("a", () => {})\n')
  }
  const example = await readFile(new URL('../../../fixtures/workflows/execute-with-files.yaml', import.meta.url), 'utf8')
  const [suites, suite] = example.split('---\n')
  const { result, output, events } = await run(suites!.split('spec:\n')[1]!.replaceAll(/^ {2}/gm, ''), {
    more: `---\n${suite}`,
    source,
  })
  expect(result, output).toMatchObject({ status: 'passed' })
  expect(output).toMatch(/^api ended .*\d/m)
  const shown = events.flatMap((event) => (event.type === 'unit' && event.unit !== '' ? [event.description] : []))
  expect(shown.sort()).toEqual(['suite: tests of api', 'suite: tests of unit'])
}, 30_000)
