import { expect, test } from 'vitest'
import { knownDocuments } from '../../src/workflow/known-documents.ts'
import { loadText } from '../../src/workflow/load.ts'
import { prepare } from '../../src/workflow/prepare.ts'
import { render } from '../../src/workflow/render/render.ts'
import type { RenderedNode } from '../../src/workflow/render/rendered.ts'
import { scripts } from './read.ts'

function prepared(spec: string, given: Record<string, unknown> = {}, more = '') {
  const known = knownDocuments(
    loadText(
      `kind: Workflow\nmetadata: { name: a, labels: { app.kind: web } }\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n${more}`,
      'w.yaml',
    ).documents,
  )
  return prepare(known.workflows[0]!, known, given)
}
test('the first stage fills in parameters and names of the workflow, and leaves the environment, workers and braces of texts', () => {
  const { plan } = prepared(
    `config: { who: { default: 'a{{ "{{" }}b' } }
steps:
- shell: echo {{ config.who }} {{ workflow.name }} {{ labels.app_kind }} {{ env.X + config.who }} {{ matrix.b }}`,
    { who: 'World' },
  )
  expect(scripts(plan)).toEqual(['echo World a web {{ env.X + "World" }} {{ matrix.b }}'])
})

test('numbers and lists of parameters reach the strategy of workers two levels deep', () => {
  const { plan } = prepared(
    `config: { n: { type: integer } }
steps:
- parallel:
    count: config.n
    steps: [{ parallel: { maxCount: config.n + 1, shards: { x: range(config.n) }, shell: 'a {{ shard.x }} {{ env.Y }}' } }]`,
    { n: '2' },
  )
  const [outer] = workersOf(render(plan))
  expect(outer!.places).toHaveLength(2)
  const [inner] = workersOf(outer!.first!)
  expect(inner!.places!.map(({ shard }) => shard)).toEqual([{ x: [0] }, { x: [1] }])
})

function workersOf(node: RenderedNode): NonNullable<RenderedNode['workers']> {
  return [...(node.workers ?? []), ...(node.children ?? []).flatMap(workersOf)]
}

test('a template gets a value that is known only later as the expression that it is', () => {
  const template =
    '---\nkind: WorkflowTemplate\nmetadata: { name: t }\nspec: { config: { x: {} }, steps: [{ shell: "echo {{ config.x + 1 }}" }] }'
  const { plan } = prepared('use: [{ name: t, config: { x: "{{ env.X }}" } }]', {}, template)
  expect(scripts(plan)).toEqual(['echo {{ string(env.X) + 1 }}'])
})

test('an expression that fails is said where it stands', () => {
  expect(() => prepared('steps:\n- shell: a {{ 1 / 0 }}')).toThrow(
    expect.objectContaining({
      code: 'WORKFLOW_INVALID',
      message: expect.stringMatching(/^w\.yaml:5:17: spec\.steps\[0\]\.shell: /),
    }),
  )
})

test('parameters are wrong where they are declared, and secrets are not said', () => {
  expect(() => prepared('config: { n: { type: integer, sensitive: true } }\nsteps: [{ shell: a }]', { n: 'hunter2' })).toThrow(
    expect.objectContaining({
      message: 'w.yaml:4:13: spec.config.n: The parameter "n" must be a whole number, not what was given.',
    }),
  )
  expect(prepared('config: { n: { sensitive: true } }\nsteps: [{ shell: a }]', { n: 'x' }).sensitive).toEqual(['n'])
  const wrong = "config: { n: { sensitive: true } }\nsteps: [{ shell: a, condition: '{{ config.n }} == 1' }]"
  for (const n of ['hunter2 (', 'hunter2 hunter3'])
    expect(() => prepared(wrong, { n })).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter') }))
})
