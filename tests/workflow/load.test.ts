import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkDocuments, checkLoaded } from '../../src/workflow/check.ts'
import { faultText } from '../../src/workflow/fault.ts'
import { loadFiles, loadText } from '../../src/workflow/load.ts'

const HEAD = 'kind: Workflow\nmetadata: { name: a }\nspec:\n'
const faultsOf = (text: string) => checkLoaded([loadText(text, 'w.yaml')]).faults.map(faultText)

const FIXTURES = fileURLToPath(new URL('../../fixtures/workflows/', import.meta.url))

test('all that is wrong is said, where it stands, with a hint', () => {
  const faults = faultsOf(`${HEAD}  steps:
    - name: a
      shel: x
      timeout: 5
      container: { env: [{ name: A, value: 80 }] }
      parallel:
        count: -1
        matrix: { a-b: [1], c: 5 }
    - delay: 5x
      content: { files: [{ path: a, mode: 1234567 }] }
      run: { shell: a, args: [b] }
`)
  expect(faults).toEqual([
    'w.yaml:6:7: spec.steps[0].shel: There is no field "shel" here. (Did you mean "shell"?)',
    'w.yaml:7:16: spec.steps[0].timeout: It must be a text, not 5. (Write a number with its unit: `5s`, `5m`.)',
    'w.yaml:8:44: spec.steps[0].container.env[0].value: It must be a text, not 80. (Write it in quotes: "80".)',
    'w.yaml:10:16: spec.steps[0].parallel.count: It must be at least 0.',
    'w.yaml:11:19: spec.steps[0].parallel.matrix.a-b: Its name must be a name of letters, digits and _.',
    'w.yaml:11:32: spec.steps[0].parallel.matrix.c: It must be a list, or an expression that gives one, not 5.',
    'w.yaml:12:14: spec.steps[1].delay: It must be a duration: numbers with h, m, s or ms, such as `1m30s`, not "5x".',
    'w.yaml:13:43: spec.steps[1].content.files[0].mode: It must be at most 0o7777; octal numbers begin with 0o, such as 0o644.',
    'w.yaml:14:12: spec.steps[1].run: It must not have `shell` beside `command` or `args`.',
  ])
})

test('text in braces without quotes is said to be that', () => {
  expect(faultsOf(`${HEAD}  steps: [{ shell: {{ x }} }]`)).toEqual([
    'w.yaml:4:21: The name of a field must be a text. (Text with {{ … }} needs quotes here: "{{ … }}".)',
  ])
  expect(faultsOf(`${HEAD}  steps: [{ shell: a {{ x }}, name: b }]`)[0]).toContain('needs quotes')
})

test('expressions that cannot be read, and parameters that there are not, are found where they stand', () => {
  expect(
    faultsOf(`${HEAD}  config: { users: { default: a } }
  steps:
    - shell: echo {{ 1 + }}
    - condition: '{{ passed }}'
      shell: echo {{ config.user }}
`).map((fault) => fault.replace(/: (?:An|The|Here|There).*/, '')),
  ).toEqual([
    expect.stringMatching(/^w\.yaml:6:26: spec\.steps\[0\]\.shell/),
    expect.stringMatching(/^w\.yaml:7:19: .*without \{\{ and \}\}/),
    expect.stringMatching(/^w\.yaml:8:22/),
  ])
})

test('warnings are no errors', () => {
  expect(
    faultsOf(`${HEAD}  steps: [{ parallel: { count: 2, maxCount: 3, shards: { f: [] }, matrix: { m: [] }, shell: x } }]`),
  ).toEqual([
    expect.stringContaining(
      '4:32: warning: spec.steps[0].parallel.count: `count` means nothing beside a `maxCount` that is not lower.',
    ),
    expect.stringContaining('The list is empty: there will be no workers.'),
    expect.stringContaining('An empty list counts as not written.'),
  ])
})

test('a worker may have parameters of its own, under names that there are not outside', () => {
  const parallel = (name: string) =>
    `${HEAD}  config: { a: {} }\n  steps: [{ parallel: { config: { ${name}: {} }, shell: 'x {{ config.${name} }}' } }]`
  expect(faultsOf(parallel('b'))).toEqual([])
  expect(faultsOf(parallel('a'))).toEqual([
    'w.yaml:5:35: spec.steps[0].parallel.config.a: There is a parameter "a" outside already.',
  ])
})

test('a file may have several documents, anchors and merged maps; two of one name are refused', () => {
  const text = `${HEAD}  steps: [&x { shell: a }, { <<: *x, name: b }]\n---\n${HEAD}  steps: [{ shell: a }]\n`
  expect(loadText(text, 'w').documents[0]!.document.spec.steps).toEqual([{ shell: 'a' }, { shell: 'a', name: 'b' }])
  expect(faultsOf(text)).toEqual(['w.yaml:7:19: metadata.name: There is another Workflow with the name "a".'])
  expect(faultsOf(`${HEAD}  steps: [{ shell: a, shell: b }]`)).toEqual([
    expect.stringContaining('w.yaml:4:23: "shell" stands twice'),
  ])
  expect(faultsOf(`${HEAD}  steps: *nothing`)).toEqual([
    expect.stringContaining('w.yaml:4:10: There is no "&nothing" before this.'),
  ])
  expect(loadText('a: &x [&y 1]\nb: &y 2\nc: *x', 'w').faults).toHaveLength(1)
})

const HOSTILE: Record<string, string> = {
  'a million laughs': `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij'].map((c, i) => `${c}: &${c} [${Array(10).fill(`*${'abcdefghij'[i]}`).join(',')}]`).join('\n')}`,
  'an alias of itself': `${HEAD}  steps: &a [*a]`,
  'merges of itself': `a: &a { <<: *a }`,
  'many brackets': '['.repeat(100_000),
  'many braces': '{a: '.repeat(20_000),
  'many dashes': '- '.repeat(100_000),
  'deep indentation': Array.from({ length: 1_400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  'many keys': Array.from({ length: 30_000 }, (_, i) => `k${i}: 1`).join('\n'),
  'many aliases': `a: &x 1\nb: [${'*x,'.repeat(110_000)}]`,
  'a large file': 'x'.repeat(2_000_000),
  'a prototype': '__proto__: { x: 1 }',
  'a tag': 'a: !!js/function x',
}

test.each(Object.entries(HOSTILE))(
  '%s ends soon, with an error and not with the process',
  (_name, text) => {
    const startedMs = performance.now()
    const faults = faultsOf(text)
    expect(faults.length).toBeGreaterThan(0)
    expect(faults.length).toBeLessThanOrEqual(20)
    expect(performance.now() - startedMs).toBeLessThan(10_000)
  },
  30_000,
)

test('any text at all gives documents or faults, each at a place in the text', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'kind: Workflow',
      'metadata: {name: a}',
      'spec:',
      '  steps:',
      '    - shell: a',
      '---',
      '  - *a',
      '&a b',
      '{',
      ']',
      '\t',
      '{{ x',
    ),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const { documents, faults } = loadText(lines.join('\n'), 'w')
      expect(documents.length + faults.length).toBeGreaterThan(0)
      for (const { line, column } of faults)
        expect([line >= 1, column >= 1, line <= lines.length + 1]).toEqual([true, true, true])
    }),
    { numRuns: 300 },
  )
})

test('files are read together: a template of one serves the workflow of another; what is missing is said', () => {
  expect(loadFiles([`${FIXTURES}playwright-matrix.yaml`, `${FIXTURES}services.yaml`])).toHaveLength(3)
  expect(() => loadFiles(['/nowhere.yaml'])).toThrow(
    expect.objectContaining({ code: 'BAD_INPUT', message: '/nowhere.yaml cannot be read (ENOENT).' }),
  )
})

test('a template may have a parameter of the same name as the workflow that gives it', () => {
  const { documents } = loadText(
    `kind: WorkflowTemplate
metadata: { name: t }
spec: { config: { image: {} }, container: { image: '{{ config.image }}' } }
---
kind: Workflow
metadata: { name: w }
spec: { config: { image: {} }, use: [{ name: t, config: { image: '{{ config.image }}' } }], steps: [{ shell: ls }] }
`,
    'w.yaml',
  )
  expect(checkDocuments(documents)).toEqual([])
})

test('what is no text, number, truth value, list or map is refused where it stands', () => {
  const faults = faultsOf(`${HEAD}  config: { a: { default: .nan }, b: { type: number, default: 1e999 } }
  steps:
    - { name: !!binary aGk=, shell: x }
    - { shell: "a\\0b", container: !!set { env } }
    - { execute: { workflows: [{ selector: { matchLabels: { a: { toString: 1 }, b: {} } } }] } }
    - parallel: { matrix: { m: [-.inf, 1], t: [!!timestamp 2001-01-01] }, shell: x }
`)
  expect(faults.map((fault) => fault.replace(/ \(.*\)$/, ''))).toEqual([
    'w.yaml:4:27: It must be a number with an end.',
    'w.yaml:4:63: It must be a number with an end.',
    'w.yaml:6:24: The tag !!binary cannot be used here.',
    'w.yaml:7:16: There is a character NUL in it.',
    'w.yaml:7:41: The tag !!set cannot be used here.',
    'w.yaml:8:64: spec.steps[2].execute.workflows[0].selector.matchLabels.a: It must be a text, not a map.',
    'w.yaml:8:84: spec.steps[2].execute.workflows[0].selector.matchLabels.b: It must be a text, not a map.',
    'w.yaml:9:33: It must be a number with an end.',
    'w.yaml:9:60: The tag !!timestamp cannot be used here.',
  ])
})
