import { expect, test } from 'vitest'
import { knownDocuments } from '../../src/workflow/known-documents.ts'
import { loadText } from '../../src/workflow/load.ts'
import { type Operation, nodesOf } from '../../src/workflow/plan.ts'
import { prepare } from '../../src/workflow/prepare.ts'
import { render, type RenderedNode } from '../../src/workflow/render.ts'
import { renderText } from '../../src/workflow/render-text.ts'
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
const operation = <Type extends Operation['type']>(plan: ReturnType<typeof prepared>['plan'], type: Type) => {
  const found = [...nodesOf(plan.root)].find((node) => node.kind === 'operation' && node.operation.type === type)
  return (found as unknown as { operation: Extract<Operation, { type: Type }> }).operation
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
      message: expect.stringMatching(/^w\.yaml:5:12: spec\.steps\[0\]\.shell: /),
    }),
  )
})

test('parameters are wrong where they are declared, and secrets are not said', () => {
  expect(() => prepared('config: { n: { type: integer, sensitive: true } }\nsteps: [{ shell: a }]', { n: 'hunter2' })).toThrow(
    expect.objectContaining({
      message: 'w.yaml:4:11: spec.config: The parameter "n" must be a whole number, not what was given.',
    }),
  )
  expect(prepared('config: { n: { sensitive: true } }\nsteps: [{ shell: a }]', { n: 'x' }).sensitive).toEqual(['n'])
})

test('what would run is said in lines', () => {
  const { plan } = prepared(`steps:
- name: Both
  optional: true
  parallel: { matrix: { os: [linux, mac] }, shell: 'test {{ matrix.os }} {{ env.X }}' }
- { condition: failed, parallel: { shards: { f: [] }, shell: x } }
- parallel: { shards: { f: 'glob("*.ts")' }, maxCount: 3, shell: y }`)
  expect(renderText(render(plan)).split('\n')).toEqual([
    'Both (optional)',
    '  parallel',
    '    worker: 2',
    '      0  os=linux',
    '      1  os=mac',
    '      runs',
    '        step',
    '          shell: test linux {{ env.X }}',
    '            later: env.X',
    'step (if failed)',
    '  parallel (if failed)',
    '    worker: skipped. The list "f" is empty: there is nothing to shard.',
    'step',
    '  parallel',
    '    worker: how many is known when it runs, by shards.f = glob("*.ts")',
    '        step',
    '          shell: y',
  ])
  expect(operation(plan, 'parallel').worker.steps).toHaveLength(1)
})
