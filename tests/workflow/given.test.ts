import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sourceFolder, withVariables } from '../../src/cli/workflow-given.ts'
import { knownTimings } from '../../src/cli/workflow-timings.ts'
import { openTimingStore } from '../../src/sharding/timing-store.ts'
import { knownDocuments } from '../../src/workflow/known-documents.ts'
import { loadText } from '../../src/workflow/load.ts'
import { prepare } from '../../src/workflow/prepare.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-given-')))
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('variables of the shell stand outermost, as they are: what the workflow says wins', () => {
  const text =
    'kind: Workflow\nmetadata: { name: w }\nspec: { container: { env: [{ name: A, value: own }] }, steps: [{ shell: ls }] }'
  const known = knownDocuments(loadText(text, 'w.yaml').documents)
  const given = withVariables(known, ['A', 'B'], { A: 'shell', B: '{{ b }}' })
  const { plan } = prepare(given.workflows[0]!, given, {})
  const [step] = plan.root.children
  const [operation] = step!.kind === 'step' ? step!.children : []
  const env = operation?.kind === 'operation' ? operation.container.env : []
  expect(env).toContainEqual({ name: 'A', value: 'own' })
  expect(env).not.toContainEqual({ name: 'A', value: 'shell' })
  expect(env?.find(({ name }) => name === 'B')?.value).toBe('{{ "{{" }} b }}')
  expect(() => withVariables(known, ['C'], {})).toThrow('--env: there is no variable C here.')
})

test('files come from here, unless somebody says otherwise or the workflow brings its own', () => {
  expect([sourceFolder(undefined, false), sourceFolder(undefined, true), sourceFolder('none', false)]).toEqual([
    process.cwd(),
    undefined,
    undefined,
  ])
  expect(sourceFolder(root, true)).toBe(root)
  expect(() => sourceFolder(join(root, 'x'), false)).toThrow('is no folder')
})

test('items of shards take as long as their files did, wherever the source lies in the project', () => {
  writeFileSync(join(root, 'package.json'), '{}')
  const source = join(root, 'packages', 'a')
  mkdirSync(source, { recursive: true })
  const writer = openTimingStore(join(root, 'timings')).writer()
  const run = { environment: '', atMs: 1, status: 'passed', temperature: 'warm' } as const
  writer.record({ ...run, project: 'x', file: 'packages/a/src/slow.test.ts', durationMs: 900 })
  writer.record({ ...run, project: 'y', file: 'packages/a/src/slow.test.ts', durationMs: 100 })
  writer.record({ ...run, project: 'x', file: 'packages/b/other.test.ts', durationMs: 5 })
  writer.close()
  const ms = knownTimings(source, { EVERWARM_TIMINGS: join(root, 'timings') })
  expect(['src/slow.test.ts', '/data/repo/src/slow.test.ts', '/x/w1/data/repo/src/slow.test.ts'].map(ms)).toEqual([
    1_000, 1_000, 1_000,
  ])
  expect(['src/new.test.ts', 'other.test.ts', 3].map(ms)).toEqual([undefined, undefined, undefined])
  expect(knownTimings(source, { EVERWARM_TIMINGS: join(root, 'nothing.jsonl') })('a')).toBeUndefined()
})
