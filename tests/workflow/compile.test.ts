import { expect, test } from 'vitest'
import { compile } from '../../src/workflow/compile.ts'
import { nodesOf } from '../../src/workflow/plan.ts'
import { outline, readPlan, readSpecs, scripts, stepNamed } from './read.ts'

test('the operations of one step come in one order, however they are written', () => {
  const plan = readPlan(`
steps:
- name: all
  artifacts: { paths: ['*'] }
  steps: [{ name: inner, shell: e }]
  parallel: { shell: d }
  execute: { workflows: [{ name: other }] }
  shell: c
  run: { command: [b] }
  setup: [{ name: first, shell: a }]
  services: { db: { image: postgres } }
  content: { tarball: [{ url: u, path: p }], git: { uri: g }, files: [{ path: f, content: x }] }
  delay: 1s
`)
  expect(outline(stepNamed(plan, 'all'))).toBe(
    'all(delay files git tarballs services-start first(shell) run shell execute parallel inner(shell) services-stop artifacts)',
  )
})

test('setup, steps and after of a workflow run in this order, around its own content and services', () => {
  const plan = readPlan(`
after: [{ shell: c }]
steps: [{ shell: b }]
setup: [{ shell: a }]
services: { db: { image: postgres } }
content: { git: { uri: g } }
`)
  expect(outline(plan.root)).toBe('(git services-start (shell) (shell) (shell) services-stop)')
  expect(scripts(plan)).toEqual(['a', 'b', 'c'])
})

test('the condition of a step holds for each of its operations; artifacts and the stop of services are always added to it', () => {
  const plan = readPlan(`
steps:
- { name: plain, shell: a, artifacts: { paths: [x] }, services: { db: { image: i } } }
- { name: own, condition: failed || config.deep, shell: a, artifacts: { paths: [x] } }
`)
  const conditions = (name: string) => stepNamed(plan, name).children.map(({ condition }) => condition)
  expect(conditions('plain')).toEqual(['passed', 'passed', 'always', 'always'])
  expect(conditions('own')).toEqual(['failed || config.deep', 'always && (failed || config.deep)'])
  expect(stepNamed(plan, 'plain').condition).toBe('passed')
})

test('containers are inherited, what stands further inside wins, and CI is always 1', () => {
  const plan = readPlan(`
container: { image: node, workingDir: /a, env: [{ name: A, value: outer }, { name: B, value: b }], resources: { limits: { cpu: '1' } } }
steps:
- name: inner
  workingDir: /b
  container: { env: [{ name: A, value: inner }], resources: { limits: { memory: 1Gi } } }
  run: { image: deno, command: [deno], args: [test] }
  shell: ls
`)
  const [run, shell] = stepNamed(plan, 'inner').children.map((node) => (node.kind === 'operation' ? node.container : {}))
  const env = [
    { name: 'CI', value: '1', global: true },
    { name: 'A', value: 'inner' },
    { name: 'B', value: 'b' },
  ]
  const common = { workingDir: '/b', env, resources: { limits: { cpu: '1', memory: '1Gi' } } }
  expect(run).toEqual({ ...common, image: 'deno', command: ['deno'], args: ['test'] })
  expect(shell).toEqual({ ...common, image: 'node', command: ['sh', '-c'], args: ['set -e\nls'] })
})

test('workers inherit the container and pod of their step, but not its volumes; services get only global variables', () => {
  const plan = readPlan(`
pod: { serviceAccountName: robot, imagePullSecrets: [{ name: pull }] }
container:
  image: node
  volumeMounts: [{ name: v, mountPath: /v }]
  env: [{ name: A, value: a }, { name: G, value: g, global: true }]
steps:
- services: { db: { image: postgres, env: [{ name: P, value: p }] } }
  parallel: { steps: [{ shell: x }] }
`)
  const operations = [...nodesOf(plan.root)].flatMap((node) => (node.kind === 'operation' ? [node.operation] : []))
  const parallel = operations.find((each) => each.type === 'parallel')!
  expect(parallel.worker.container).toMatchObject({ image: 'node' })
  expect(parallel.worker.container).not.toHaveProperty('volumeMounts')
  expect(parallel.worker.pod).toMatchObject({ serviceAccountName: 'robot' })
  const start = operations.find((each) => each.type === 'services-start')!
  expect(start.services['db']).toMatchObject({
    env: [
      { name: 'CI', value: '1', global: true },
      { name: 'G', value: 'g', global: true },
      { name: 'P', value: 'p' },
    ],
    pod: { imagePullSecrets: [{ name: 'pull' }] },
  })
})

test('what stands directly under parallel is the first step of each worker, with what controls it', () => {
  const { spec } = readSpecs(`
steps:
- parallel: { count: 2, paused: true, retry: { count: 1 }, shell: first, steps: [{ shell: second }] }
`)
  expect(spec.steps![0]!.parallel).toEqual({
    count: 2,
    steps: [{ paused: true, retry: { count: 1 }, shell: 'first' }, { shell: 'second' }],
  })
})

test('a paused step without a command has an empty one, to wait at', () => {
  const plan = readPlan(
    `steps: [{ name: a, paused: true }, { name: b, paused: true, steps: [{ shell: x }] }, { name: c, paused: true, delay: 1s }]`,
  )
  expect(outline(plan.root)).toBe('(a(wait) b((shell)) c(delay wait))')
})

test('an id is what is written, or made of the name; who comes second with the same name has none', () => {
  const plan = readPlan(`
steps:
- { name: Unit Tests, shell: a }
- { name: unit-tests, shell: b }
- { name: Lint, shell: c }
- { id: lint, shell: d }
`)
  expect([...nodesOf(plan.root)].flatMap((node) => (node.kind === 'step' ? [node.id] : []))).toEqual([
    undefined,
    'unit_tests',
    undefined,
    undefined,
    'lint',
  ])
  expect(
    compile(
      {
        steps: [
          { id: 'a', shell: 'x' },
          { id: 'a', shell: 'y' },
        ],
      },
      { name: 'w' },
    ).faults,
  ).toEqual([{ path: ['steps', 1, 'id'], message: 'Another step has the id "a".' }])
})

test('a workflow in which nothing runs is refused, also that of a worker', () => {
  expect(compile({}, { name: 'w' }).faults).toMatchObject([{ path: [], message: 'There is nothing to run.' }])
  expect(compile({ steps: [{ parallel: { count: 2 } }] }, { name: 'w' }).faults).toMatchObject([
    { path: ['steps', 0, 'parallel'] },
  ])
})
