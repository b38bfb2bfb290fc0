import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkLoaded } from '../../src/workflow/check.ts'
import { faultText } from '../../src/workflow/fault.ts'
import { loadText } from '../../src/workflow/load.ts'

const HEAD = 'kind: Workflow\nmetadata: { name: a }\nspec:\n'
const lint = (files: Record<string, string>) =>
  checkLoaded(Object.entries(files).map(([file, text]) => loadText(text, file))).faults.map(faultText)
/** A workflow of these lines below `spec`, without its name in front. */
const lintSpec = (lines: string) => lint({ w: HEAD + lines.replaceAll(/^/gm, '  ') }).map((fault) => fault.slice(2))
/** One step, `shell` with an expression in it. */
const inShell = (expression: string) => lintSpec(`steps: [{ shell: ${JSON.stringify(`x {{ ${expression} }}`)} }]`)
const step = (fields: string) => lintSpec(`steps:\n- ${fields}`)
const errorsOf = (faults: readonly string[]) => faults.filter((fault) => !fault.includes(': warning: '))

test('all phases speak at once, file by file, down each of them, and each fault once', () => {
  const first = `${HEAD}  config: { n: { type: int } }
  use: [{ name: there }, { name: none }]
  steps:
    - { name: a, timeout: 5, shell: 'x {{ config.m }} {{ pased }}' }
    - not a step
    - { run: {}, condition: 'globb("a")' }
`
  const second = `kind: WorkflowTemplate
metadata: { name: there }
spec: { stepz: [], steps: [{ run: {} }, { shell: '{{ 1 + }}' }] }
`
  expect(lint({ 'b.yaml': first, 'a.yaml': second }).map((fault) => fault.replace(/ \(.*/, ''))).toEqual([
    'b.yaml:4:24: spec.config.n.type: It must be one of string, integer, number, boolean, not "int".',
    'b.yaml:5:34: spec.use[1].name: There is no template "none".',
    'b.yaml:7:27: spec.steps[0].timeout: It must be a text, not 5.',
    'b.yaml:7:43: spec.steps[0].shell: There is no parameter "m".',
    'b.yaml:7:58: spec.steps[0].shell: There is no name "pased".',
    'b.yaml:8:7: spec.steps[1]: It must be a map, not "not a step".',
    'b.yaml:9:14: spec.steps[2].run: It has no command.',
    'b.yaml:9:30: spec.steps[2].condition: There is no function globb().',
    'a.yaml:3:9: spec.stepz: There is no field "stepz" here.',
    'a.yaml:3:35: spec.steps[0].run: It has no command.',
    'a.yaml:3:58: spec.steps[1].shell: Expected a value, a name or "(", found "}".',
  ])
})

test('what cannot be read hides nothing else, and nothing is missing for it', () => {
  const workflow = `${HEAD}  use: [{ name: t }]\n  steps: [{ shell: a, execute: { workflows: [{ name: other }] } }, { shell: '{{ glob() }}' }]`
  expect(lint({ w: workflow, t: 'kind: [\n' })).toEqual([
    expect.stringMatching(
      /^w:5:\d+: spec.steps\[1\].shell: glob\(\) was given 0 arguments\. \(It is glob\(patterns\.\.\.\)\.\)$/,
    ),
    expect.stringMatching(/^t:2:1: A \[ before this is not closed\./),
  ])
})

test('a document of Testkube is one fault, which names the command that takes it over', () => {
  expect(
    lint({ 't.yaml': 'apiVersion: x\nkind: TestWorkflow\nmetadata: { name: a, namespace: b }\nspec: { foo: 1 }\n' }),
  ).toEqual(['t.yaml:2:7: kind: This is a document of Testkube. (`everwarm workflow import t.yaml` makes a workflow of it.)'])
})

test.each([
  ['a:\n\tb: 1\n', '2:1: A line begins with a tab.'],
  ['a:\n  b: 1\n c: 2\n', '3:2: The line does not begin in the column of those beside it.'],
  ['a:\n  - b: 1\n   c: 2\n', '3:4: The line does not begin in the column of those beside it.'],
  ['a: b: c\n', '1:4: A field has a value, and fields below it or a second `: `, too.'],
  ['a: "x\nb: 1\n', '1:4: A quote is not closed.'],
  ['a: [1, 2\nb: 3\n', '2:1: A [ before this is not closed.'],
  ['a: { b: 1\nc: 3\n', '2:1: A { before this is not closed.'],
  ['a: ]\n', '1:4: A bracket closes nothing.'],
  ['a: 1\nb\nc: 2\n', '2:1: There is no `:` behind this.'],
  ['a: !foo x\n', '1:4: There is no such tag.'],
  ['a: *.ts\n', '1:4: There is no "&.ts" before this.'],
  ['a: &x [*x]\n', '1:8: "*x" stands inside of "&x" itself.'],
  ['a: @x\n', '1:4: A text cannot begin with this character.'],
  ['a: "\\d"\n', '1:5: Behind a backslash in "…" this means nothing.'],
])('%j is told in plain words, once', (text, said) => {
  const found = lint({ w: text }).filter((fault) => !fault.includes(': kind: '))
  expect(found.map((fault) => fault.slice(2).replace(/ \(.*/, ''))).toEqual([said])
})

test.each([
  ['pased', 'There is no name "pased". (Did you mean "passed"?)'],
  ['confg.x', 'There is no name "confg.x". (Did you mean "config.x"?)'],
  ['globb("a")', 'There is no function globb(). (Did you mean glob()?)'],
  ['len()', 'len() was given 0 arguments. (It is len(value).)'],
  ['index + 1', '"index" is known only in workers of `parallel`, instances of services and executions of `execute`.'],
  ['matrix.a', '"matrix.a" is known only in workers'],
  ['execution.ids', 'There is no "execution.ids". (Did you mean "execution.id"?'],
  ['config', '"config" is no value by itself. (There is only config.<name>.)'],
  ['self.failed', '"self.failed" is known only in `retry.until`.'],
  ['tarball.a.url', 'There is no archive "a" in `tarball`'],
  ['pvcs.a.name', 'There is no claim "a" in `pvcs`.'],
  ['step.b.outputs.x', 'There is no step with the id "b".'],
  ['map(list(1), "_.value + foo")', 'There is no name "foo".'],
  ['map(list(1), "_.value +")', 'In "_.value +": Expected a value'],
  ['eval("foo")', 'There is no name "foo".'],
  ['_.value', '"_" is known only in the text of map() and filter().'],
  ['1 / 0', 'The right side of / is zero.'],
  ['at(list(1), 3)', 'There is no item 3 in a list of 1.'],
])('{{ %s }} is wrong: %s', (expression, said) => {
  expect(errorsOf(inShell(expression))).toEqual([expect.stringContaining(said)])
})

test.each([
  'any(foo, 1)',
  'passed && foo',
  'passed || foo',
  'env.A == "b" ? foo : bar',
  'services.db.0.ip',
  'step.b.results',
  'any(list(1)..., globb())',
])('{{ %s }} may be right: a warning at most', (expression) => {
  expect(errorsOf(inShell(expression))).toEqual([])
  expect(inShell(expression).length).toBeGreaterThan(0)
})

test.each([
  "{ id: build, shell: 'echo {{ build }} {{ step.build.outputs.x.y }} {{ step.results }} {{ output.any }} {{ env.X }} {{ env }}' }",
  "{ name: Build it, shell: 'echo {{ build_it && step.build_it.exitCode }}' }",
  "{ name: 'On {{ env.X }}', shell: 'echo {{ on_linux }} {{ step.on_mac.status }}' }",
  "{ name: '{{ env.X }}', condition: anything, shell: x }",
  "{ services: { db: { matrix: { a: [1] }, env: [{ name: A, value: '{{ matrix.a }} {{ index }}' }], logs: failed && index > 0 } }, shell: '{{ services.db.*.ip }}' }",
  "{ services: { db: {} }, parallel: { shell: '{{ services.db.0.ports.5432 }}' } }",
  "{ parallel: { matrix: { a: [1] }, steps: [{ parallel: { count: 'matrix.a + index', shards: { b: 'range(index, count)' }, shell: '{{ matrix.a }} {{ shard.b }}' } }] } }",
  '{ retry: { count: 1, until: \'self.passed || self.status == "timeout"\' }, shell: x }',
  "{ execute: { workflows: [{ name: a, tarball: { x: { from: y } }, matrix: { n: [1] }, config: { a: '{{ tarball.x.url }} {{ matrix.n }}' } }] } }",
  "{ parallel: { config: { own: { default: '{{ index }}' } }, shell: '{{ config.own }}' } }",
  '{ shell: \'{{ labels.some_thing }} {{ workflow.labels.x }} {{ execution.tags.a }} {{ secret("a", "b") }} {{ credential("c") }}\' }',
  '{ shell: \'{{ map(entries(env), "_.value.key + len(list(_.index))") }}\' }',
])('%s is right', (fields) => {
  expect(step(fields)).toEqual([])
})

test('an id that is given is the only one of its step', () => {
  expect(step("{ name: Build it, id: b, shell: 'echo {{ step.build_it.status }} {{ step.b.status }}' }")).toEqual([
    expect.stringContaining('There is no step with the id "build_it".'),
  ])
})

test('names of workers are those of the workers around, and how many there are is said from outside', () => {
  expect(
    step("{ parallel: { matrix: { a: [1], b: 'matrix.a' }, count: index, shell: '{{ matrix.c }} {{ shard.a }}' } }").map(
      (fault) => fault.replace(/^[\d:]+ | \(.*/g, ''),
    ),
  ).toEqual([
    'spec.steps[0].parallel.matrix.b: "matrix.a" is known only in workers of `parallel`, instances of services and executions of `execute`.',
    'spec.steps[0].parallel.count: "index" is known only in workers of `parallel`, instances of services and executions of `execute`.',
    'spec.steps[0].parallel.shell: There is no list "c" in `matrix` around this.',
    'spec.steps[0].parallel.shell: There is no list "a" in `shards` around this.',
  ])
})

test('a template knows its own parameters, and may name workers, services and steps of whoever uses it', () => {
  const template = (text: string) =>
    `kind: WorkflowTemplate\nmetadata: { name: t }\nspec:\n  config: { n: {} }\n  steps: [{ shell: '${text}' }]\n`
  expect(
    lint({
      t: template('{{ config.n }} {{ index }} {{ matrix.a }} {{ services.db.0.ip }} {{ tarball.a.url }} {{ pvcs.a.name }}'),
    }),
  ).toEqual([])
  expect(lint({ t: template('{{ step.build.status }} {{ build }}') }).every((fault) => fault.includes(': warning: '))).toBe(true)
  expect(lint({ t: template('{{ config.m }} {{ foo.bar }}') })).toHaveLength(2)
  const use = (n: string) => lint({ w: `${HEAD}  use: [{ name: t, config: { n: ${n} } }]\n`, t: template('{{ 10 / config.n }}') })
  expect(use('2')).toEqual([])
  expect(use('0')).toEqual([expect.stringMatching(/^w:4:\d+: spec\.use\[0\]: In the template "t"/)])
})

test.each([
  [
    '{ matrix: { a: text } }',
    'There is no name "text". (It is an expression that gives a list; a list by itself is written [a, b].)',
  ],
  ["{ matrix: { a: '5' } }", 'It must be a list, or an expression that gives one, not a number.'],
  ["{ matrix: { a: 'range(200)', b: 'range(51)' } }", 'There would be 10200 workers; there may be 10000.'],
  ['{ count: 10001 }', 'There would be 10001 workers; there may be 10000.'],
  ['{ count: \'"x"\' }', 'It must give a whole number of at least 0, not a text.'],
  ['{ dynamic: true }', 'warning: spec.steps[0].parallel.dynamic: `dynamic` means nothing without `shards`.'],
  ['{ by: duration }', 'warning: spec.steps[0].parallel.by: `by` means nothing without `shards`.'],
])('parallel: %s is told: %s', (parallel, said) => {
  expect(step(`{ shell: a, parallel: ${parallel.replace(/ }$/, ', shell: b }')} }`)).toEqual([expect.stringContaining(said)])
})

test.each([
  ['{ default: x, enum: [y, z] }', 'spec.config.a.default: It must be one of y, z, not "x".'],
  ['{ type: integer, default: abc }', 'spec.config.a.default: It must be a whole number, not "abc".'],
  [
    '{ type: integer, minimum: 5, default: 2 }',
    'spec.config.a.default: It must be at least 5, not 2. (It is a whole number of at least 5.)',
  ],
  ['{ sensitive: true, pattern: "^a", default: secret }', 'It must match ^a, not what was given.'],
])('a default that nobody could give is wrong before anybody runs it: %s', (parameter, said) => {
  expect(lintSpec(`config: { a: ${parameter} }\nsteps: [{ shell: a }]`)).toEqual([expect.stringContaining(said)])
})

test.each([
  ['{ name: N, steps: [{ shell: x }, { name: M }] }', 'spec.steps[0].steps[1]: The step does nothing.'],
  ['{ id: config, shell: a }', 'spec.steps[0].id: `config` alone is a name of the language, and never this step.'],
  ["{ shell: 'echo ${{ env.HOME }}' }", '5:20: warning: spec.steps[0].shell: The $ stays in front of what {{ … }} gives.'],
])('%s runs, and is a warning: %s', (fields, said) => {
  expect(step(fields)).toEqual([expect.stringContaining(said)])
  expect(errorsOf(step(fields))).toEqual([])
})

test('a step that waits, brings files or has a template does something; braces after a $ may be a text', () => {
  expect(step('{ name: N, paused: true }')).toEqual([])
  expect(step('{ name: N, content: { files: [{ path: a, content: b }] } }')).toEqual([])
  expect(step(`{ shell: 'echo $\{{ "{{" }} }}' }`.replace('\\', ''))).toEqual([])
})

test('an id that several steps make of their name is a warning where it is used, and only there', () => {
  const two = (used: string) => lintSpec(`steps: [{ name: A b, shell: x }, { name: a-b, shell: y }, { shell: 'x ${used}' }]`)
  expect(two('')).toEqual([])
  for (const used of ['{{ a_b }}', '{{ step.a_b.status }}'])
    expect(two(used)).toEqual([expect.stringContaining('warning: spec.steps[2].shell: Several steps have the name of which')])
  const apart = '{ parallel: { steps: [{ name: same, shell: x }] } }'
  expect(lintSpec(`steps: [${apart}, ${apart}, { name: same, shell: '{{ step.same.status }}' }]`)).toEqual([])
  expect(lintSpec(`steps: [{ id: a, name: A, shell: x }, { name: A, shell: '{{ a }}' }]`)).toEqual([])
})

test('a worker with nothing in it is told beside what else is wrong, but not where that may be the reason', () => {
  const [first, ...more] = lintSpec('steps: [{ parallel: { count: 3 } }, { shell: a, timeout: x }]')
  expect(first).toContain('spec.steps[0].parallel: There is nothing to run.')
  expect(more).toHaveLength(1)
  expect(lintSpec('steps: [{ parallel: { shel: x } }, { shell: a }]')).toEqual([expect.stringContaining('no field "shel"')])
  expect(lintSpec('steps: [{ parallel: { template: { name: none } } }]')).toEqual([expect.stringContaining('no template "none"')])
})

test('a reference to a secret has no other fields than those that are read', () => {
  const from = (fields: string) => step(`{ shell: a, container: { env: [{ name: A, valueFrom: { ${fields} } }] } }`)
  expect(from('secretKeyRef: { nam: x, key: y }')).toEqual([
    expect.stringContaining('secretKeyRef.name: It is missing.'),
    expect.stringContaining('There is no field "nam" here. (Did you mean "name"?'),
  ])
  expect(from("secretKeyRef: { name: '{{ env.A }}', key: y, optional: true }")).toEqual([])
  expect(from('fieldRef: { fieldPath: status.podIP }')).toEqual([])
})

test('a workflow that is executed and not given is a warning: it may come by another file', () => {
  const execute = (who: string) => step(`{ execute: { workflows: [{ ${who} }] } }`)
  expect(execute('name: there')).toEqual([
    expect.stringContaining('warning: spec.steps[0].execute.workflows[0].name: There is no workflow "there"'),
  ])
  expect(execute('selector: { matchLabels: { a: b } }')).toHaveLength(1)
  expect(execute("name: '{{ env.A }}'")).toEqual([])
})

const here = (path: string) => new URL(`../../${path}`, import.meta.url)
const fixtures = readdirSync(here('fixtures/workflows')).map(
  (name) => [name, readFileSync(here(`fixtures/workflows/${name}`), 'utf8')] as const,
)
const pages = readdirSync(here('docs')).filter((name) => /^workflow.*\.md$/.test(name) || name === 'kubernetes.md')
/** Pieces of workflows get what is around them. */
const whole = (yaml: string) =>
  yaml.includes('kind: Workflow')
    ? yaml
    : yaml.startsWith('spec:')
      ? `kind: Workflow\nmetadata: { name: a }\n${yaml}  steps: [{ shell: a }]\n`
      : `${HEAD}  config: { browser: {} }\n  steps:\n    - parallel:\n        shards: { files: [a] }\n        steps:\n          -\n${yaml
          .replaceAll(/^(?=.)/gm, ' '.repeat(12))
          .replace(/args:/, 'run: { args:')
          .replace(/\]$/m, '] }')}`
const examples = pages.flatMap((page) =>
  [...readFileSync(here(`docs/${page}`), 'utf8').matchAll(/```yaml\n([^]*?)```/g)]
    .map(([, yaml]) => yaml!)
    .filter((yaml) => !yaml.startsWith('secrets:') && !yaml.startsWith('apiVersion:'))
    .map((yaml, i) => [`${page} ${i}`, whole(yaml)] as const),
)

test.each([...fixtures, ...examples])('%s is right', (_name, text) => {
  // Two execute workflows of other files, and one that there is not.
  expect(lint({ w: text }).filter((fault) => !/warning: .*(?:There is no workflow|No workflow in)/.test(fault))).toEqual([])
})

test('whatever somebody makes of a right file: lint ends with faults at places in it, in order', () => {
  const lines = fixtures.flatMap(([, text]) => text.split('\n'))
  const change = fc.record({ at: fc.nat(200), cut: fc.nat(3), put: fc.option(fc.constantFrom(...lines), { nil: undefined }) })
  const word = fc.constantFrom(
    ['config', 'confg'],
    ['{{', '{ {'],
    ['shell', 'shel'],
    [': ', ':'],
    ['[', ''],
    ['name', '5'],
    ['"', ''],
    ['*', '%'],
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...fixtures),
      fc.array(change, { maxLength: 3 }),
      fc.option(word, { nil: undefined }),
      ([, text], changes, replaced) => {
        const mutated = text.split('\n')
        for (const { at, cut, put } of changes) mutated.splice(at % mutated.length, cut, ...(put === undefined ? [] : [put]))
        const all = mutated.join('\n')
        const { faults } = checkLoaded([loadText(replaced ? all.replaceAll(...(replaced as [string, string])) : all, 'w')])
        const places = faults.map(({ line, column }) => line * 10_000 + column)
        expect(places).toEqual(places.toSorted((a, b) => a - b))
      },
    ),
    { numRuns: 60 },
  )
})
