import { expect, test } from 'vitest'
import { checkLoaded } from '../../src/workflow/check.ts'
import { loadText } from '../../src/workflow/load.ts'

/** The hints of all errors in a text, in order. */
const hints = (text: string) =>
  checkLoaded([loadText(text, 'w')])
    .faults.filter(({ severity, message }) => severity === 'error' && message !== 'There is nothing to run.')
    .map(({ hint }) => hint)
const HEAD = 'kind: Workflow\nmetadata: { name: a }\nspec:\n'
const inStep = (field: string) => hints(`${HEAD}  steps:\n    - name: A\n      ${field}\n    - { id: build, shell: b }\n`)

test.each([
  ['timeout: 30', 'Write a number with its unit: `30s`, `30m`.'],
  ['delay: 1', 'Write a number with its unit: `1s`, `1m`.'],
  ['shell: 5', 'Write it in quotes: "5".'],
  ['if: passed', 'It is `condition` here.'],
  ['uses: a/b', 'A repository comes by `content: { git: { uri: … } }`, steps of others by `template: { name: … }`.'],
  ['needs: [a]', 'Steps run one after the other; `condition` says on what.'],
  ['continue-on-error: true', 'It is `optional: true` here.'],
  ['strategy: {}', 'Write `parallel: { matrix: { … }, steps: […] }`.'],
  ['matrix: {}', 'Write `parallel: { matrix: { … }, steps: […] }`.'],
  ['image: node', 'Write `container: { image: … }`.'],
  ['env: {}', 'Write `container: { env: [{ name: A, value: b }] }`.'],
  ['shel: a', 'Did you mean "shell"?'],
  ['run: npm test', 'Write `shell: npm test`, or `run: { command: [npm, test] }`.'],
  ['run: { command: npm test }', 'Write each word by itself: `[npm, test]`; or `shell` instead of `command`.'],
  ['shell: [a]', 'Write one text: `shell: npm ci && npm test`, or `shell: |` with a command in each line below it.'],
  ['artifacts: x', 'Write `artifacts: { paths: [x] }`.'],
  ['retry: 3', 'Write `retry: { count: 3 }`.'],
  ['parallel: 4', 'Write `parallel: { count: 4, steps: […] }`.'],
  ['container: { env: { A: b } }', 'Write `env: [{ name: A, value: … }]`.'],
  ['use: x', 'Write `use: [{ name: x }]`.'],
  ['services: { db: postgres }', 'Write `{ image: postgres }`.'],
  ['use: [{ name: x }]', 'Name its file in the command, too.'],
  ['condition: yes', 'Write `always`.'],
  ['condition: passed and failed', 'Write && for `and`.'],
  ['condition: passed or failed', 'Write || for `or`.'],
  ['condition: not passed', 'Write ! for `not`.'],
  ['condition: success()', 'Write `success`, without ().'],
  ['condition: always()', 'Write `always`, without ().'],
  ['condition: failure()', 'Write `failed`, without ().'],
  ["shell: '{{ secrets.npm.token }}'", 'Write secret("npm", "token").'],
  ["shell: '{{ inputs.a }}'", 'Did you mean "config.a"?'],
  ["shell: '{{ build.passed }}'", 'Write `build`: it says whether the step has passed.'],
  ["shell: '{{ build.version }}'", 'Write `step.build.` with status, exitCode, outputs or results behind it.'],
  ["shell: '{{ biuld }}'", 'Did you mean "build"?'],
  ["shell: '{{ step.biuld.status }}'", 'Did you mean "build"?'],
  ["shell: docker ps --format '{{.Names}}'", 'Braces for another program are written {{ "{{" }}, such as {{ "{{" }}.Names}}.'],
])('a step with %s is told what to write instead', (field, hint) => {
  expect(inStep(field)).toEqual([hint])
})

test.each([
  ['kind: workflow\nmetadata: { name: a }\nspec: {}\n', 'Did you mean "Workflow"?'],
  [
    'on: push\njobs: { a: { steps: [{ run: x }] } }\n',
    'A document has `kind: Workflow`, `metadata: { name: … }`, and `spec` with `steps`.',
  ],
  ['kind: Workflow\nmetadata: { name: a }\nspec: {}\nsteps: [{ shell: a }]\n', 'It belongs below `spec`: indent it.'],
  [`${HEAD}  steps: [{ shell: a }]\n  image: node\n`, 'Write `container: { image: … }`.'],
  [`${HEAD}  steps: [{ shell: a }]\n  config: { a: 5 }\n`, 'Write `{ default: 5 }`.'],
])('%j is told what a document looks like', (text, hint) => {
  expect(hints(text)).toEqual([hint])
})

test('what braces for another program are said to be, they are', () => {
  expect(inStep(`shell: 'docker ps --format "{{ "{{" }}.Names}}"'`)).toEqual([])
})

test('many ids are not all listed, and no value of a variable is shown', () => {
  const steps = Array.from({ length: 20 }, (_, i) => `{ id: s${i}_long_name, shell: a }`).join(', ')
  expect(hints(`${HEAD}  steps: [${steps}, { shell: '{{ step.x.status }}' }]\n`)).toEqual([
    expect.stringMatching(/s9_long_name and 10 more\.$/),
  ])
})
