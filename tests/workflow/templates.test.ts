import { expect, test } from 'vitest'
import { readPlan, readSpecs, scripts } from './read.ts'

const around = (name: string) =>
  `setup: [{ shell: ${name} setup }]\nsteps: [{ shell: ${name} step }]\nafter: [{ shell: ${name} after }]`

test('templates of a workflow go around it: the first listed is outermost', () => {
  const plan = readPlan(
    'use: [{ name: a }, { name: b }]\nsetup: [{ shell: own setup }]\nsteps: [{ shell: own step }]\nafter: [{ shell: own after }]',
    {
      a: around('a'),
      b: around('b'),
    },
  )
  expect(scripts(plan)).toEqual([
    'a setup',
    'b setup',
    'own setup',
    'a step',
    'b step',
    'own step',
    'own after',
    'b after',
    'a after',
  ])
})

test('own fields win, maps merge, lists are the template’s first, and a command is one thing', () => {
  const { spec } = readSpecs(
    'use: [{ name: t }]\ncontainer: { image: own, env: [{ name: B, value: b }], command: [own] }\nsteps: [{ shell: x }]',
    {
      t: 'container: { image: theirs, workingDir: /t, env: [{ name: A, value: a }], command: [theirs] }\npod: { labels: { a: b } }',
    },
  )
  expect(spec.container).toEqual({
    image: 'own',
    workingDir: '/t',
    env: [
      { name: 'A', value: 'a' },
      { name: 'B', value: 'b' },
    ],
    command: ['own'],
  })
  expect(spec.pod).toEqual({ labels: { a: 'b' } })
})

test('a template of a step goes around what is in it; its pod is that of the workflow', () => {
  const plan = readPlan('steps: [{ use: [{ name: t }], setup: [{ shell: own setup }], shell: own, steps: [{ shell: inner }] }]', {
    t: 'pod: { labels: { a: b } }\nsetup: [{ shell: t setup }]\nsteps: [{ shell: t step }]\nafter: [{ shell: t after }]',
  })
  expect(scripts(plan)).toEqual(['t setup', 'own setup', 't step', 'own', 'inner', 't after'])
  expect(plan.pod).toEqual({ labels: { a: 'b' } })
})

test('of several templates of a step the first listed comes first, but for what cleans up', () => {
  const spec =
    'steps: [{ use: [{ name: a }, { name: b }], setup: [{ shell: own setup }], shell: own, container: { env: [{ name: A, value: own }] } }]'
  const bringing = (name: string) => `${around(name)}\ncontainer: { image: ${name} }\npod: { labels: { by: ${name} } }`
  const { spec: merged } = readSpecs(spec, { a: bringing('a'), b: bringing('b') })
  const plan = readPlan(spec, { a: bringing('a'), b: bringing('b') })
  expect(scripts(plan)).toEqual(['a setup', 'b setup', 'own setup', 'a step', 'b step', 'own', 'b after', 'a after'])
  expect(plan.pod).toEqual({ labels: { by: 'b' } })
  expect(merged.steps![0]!.container).toEqual({ image: 'b', env: [{ name: 'A', value: 'own' }] })
})

test('`template` is a step of its own inside: its container stays with it', () => {
  const { spec } = readSpecs('steps: [{ template: { name: t }, shell: own }]', {
    t: 'container: { image: theirs }\nsteps: [{ shell: a }]\nafter: [{ shell: b }]',
  })
  expect(spec.steps).toEqual([
    { shell: 'own', setup: [{ container: { image: 'theirs' }, steps: [{ shell: 'a' }, { shell: 'b' }] }] },
  ])
})

test('a template sees its own parameters only, with their defaults', () => {
  const template =
    'config: { who: { default: world }, times: { type: integer } }\nsteps: [{ shell: "echo {{ config.who }} {{ env.X }}", retry: { count: config.times } }]'
  const { spec } = readSpecs('use: [{ name: t, config: { times: 3 } }]', { t: template })
  expect(spec.steps).toEqual([{ shell: 'echo world {{ env.X }}', retry: { count: '3' } }])
  const wrong = readSpecs('use: [{ name: t, config: { times: many, who2: x } }]\nconfig: { own: { default: a } }', {
    t: template,
  })
  expect(wrong.faults.map(({ path, message }) => [path.join('.'), message])).toEqual([
    ['use.0.config.who2', 'There is no parameter "who2".'],
    ['use.0.config.times', 'The parameter "times" must be a whole number, not "many".'],
  ])
  const foreign = readSpecs('use: [{ name: t }]\nconfig: { own: { default: a } }', {
    t: 'steps: [{ shell: "{{ config.own }}" }]',
  })
  expect(foreign.faults.map(({ message }) => message)).toEqual([
    'The template "t" reads "config.own", which is not a parameter of its own.',
  ])
})

test('a template that is not there is named with the nearest one; one that uses itself is refused', () => {
  const missing = readSpecs('use: [{ name: nod }]', { node: 'steps: []' })
  expect(missing.faults).toEqual([
    { path: ['use', 0, 'name'], message: 'There is no template "nod".', hint: 'Did you mean "node"?' },
  ])
  const circle = readSpecs('use: [{ name: a }]', { a: 'use: [{ name: b }]', b: 'steps: [{ template: { name: a } }]' })
  expect(circle.faults[0]!.message).toBe('The template "a" uses itself: a → b → a.')
})

test('a template of a service brings container, pod, content and claims; steps and services in it are refused', () => {
  const { spec } = readSpecs('services: { db: { use: [{ name: t }], image: own } }\nsteps: [{ shell: x }]', {
    t: 'container: { image: theirs, workingDir: /w }\npod: { labels: { a: b } }\npvcs: { data: {} }',
  })
  expect(spec.services).toEqual({ db: { image: 'own', workingDir: '/w', pod: { labels: { a: 'b' } }, pvcs: { data: {} } } })
  const wrong = readSpecs('services: { db: { use: [{ name: t }] } }', { t: 'steps: [{ shell: x }]' })
  expect(wrong.faults[0]!.message).toBe('A template of a service may not have "steps".')
})

test('templates that multiply are refused, once', () => {
  const twice = (name: string) => `steps: [{ use: [{ name: ${name} }] }, { use: [{ name: ${name} }] }]`
  const many = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`t${i}`, i === 0 ? 'steps: [{ shell: a }]' : twice(`t${i - 1}`)]),
  )
  expect(readSpecs(`use: [{ name: t29 }]`, many).faults).toEqual([
    expect.objectContaining({ message: 'Templates use each other more than 2000 times.' }),
  ])
})
