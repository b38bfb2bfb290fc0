import { expect, test } from 'vitest'
import { run } from './house.ts'

/** As `run` writes the file. */
const fileOf = (spec: string, more: string) =>
  `kind: Workflow\nmetadata: { name: main }\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n${more}`.split('\n')

/** What errors say, with the word that stands at their place instead of its line and column. */
async function toldOf(spec: string, more = '') {
  const { events, result } = await run(spec, { more })
  const lines = fileOf(spec, more)
  const read = (message: string) =>
    message.replace(/w\.yaml:(\d+):(\d+): /, (_, line, column) => {
      const [word = ''] = /^[\w.]*/.exec(lines[Number(line) - 1]!.slice(Number(column) - 1))!
      return `<${word}> `
    })
  const told = events.flatMap((event) => (event.type === 'error' ? [read(event.error.message).split(' is not known')[0]!] : []))
  return { told, events, result, cause: read(result.error?.message ?? '') }
}

const FIELDS = `container: { env: [{ name: OUTER, value: '{{ nope.outer }}' }] }
steps:
  - { name: inherited, optional: true, shell: echo }
  - name: block
    optional: true
    container: { env: [{ name: OUTER, value: '' }] }
    shell: |
      echo one {{ "nope" }}
      echo {{ nope.block }}
  - name: list
    optional: true
    container: { env: [{ name: OUTER, value: '' }, { name: OWN, value: '{{ nope.own }}' }] }
    run: { command: [echo] }
  - name: arguments
    optional: true
    container: { env: [{ name: OUTER, value: '' }] }
    run: { command: [echo], args: [a, 'b {{ nope.args }}'] }
  - { name: condition, optional: true, condition: passed && later.x, shell: echo }
  - { name: timeout, optional: true, timeout: '{{ nope.timeout }}', shell: echo }
  - { name: delay, optional: true, delay: '{{ string("soon") }}' }
  - { name: until, optional: true, container: { env: [{ name: OUTER, value: '' }] }, retry: { count: 1, until: nope.until }, shell: 'exit 1' }
  - { name: matrix, optional: true, parallel: { matrix: { b: nope.c }, shell: echo } }
  - { name: service, optional: true, services: { db: { image: '{{ nope.image }}', command: [x] } } }
  - { name: content, optional: true, content: { files: [{ path: a, content: 'x {{ nope.content }}' }] } }
  - { name: artifacts, optional: true, artifacts: { paths: [a, '{{ nope.path }}'] } }`

test('an error of a field says where in the file it stands, the field as it is written, and its step', async () => {
  const { told } = await toldOf(FIELDS)
  expect(told.toSorted()).toEqual([
    '<> delay of "delay": This is no duration.',
    '<later.x> condition of "condition": later.x',
    '<nope.args> run.args[1] of "arguments": nope.args',
    '<nope.block> shell of "block": nope.block',
    '<nope.c> parallel.matrix.b of "matrix": nope.c',
    '<nope.content> content.files[0].content of "content": nope.content',
    '<nope.image> services.db.image of "service": nope.image',
    '<nope.outer> spec.container.env.OUTER of "inherited": nope.outer',
    '<nope.own> container.env.OWN of "list": nope.own',
    '<nope.path> artifacts.paths[1] of "artifacts": nope.path',
    '<nope.timeout> timeout of "timeout": nope.timeout',
    '<nope.until> retry.until of "until": nope.until',
  ])
}, 60_000)

const TEMPLATE = `---
kind: WorkflowTemplate
metadata: { name: t }
spec:
  config: { x: {} }
  setup:
    - name: inside
      run: { command: [echo], args: [a, 'b {{ nope.t }} {{ config.x }}'] }`

test('a step of a template is named where the template is written', async () => {
  const { cause, result } = await toldOf(`steps: [{ use: [{ name: t, config: { x: '1' } }], shell: echo }]`, TEMPLATE)
  expect(cause).toBe('<nope.t> run.args[1] of "inside": nope.t is not known here.')
  expect(result.error?.place).toMatchObject({ file: 'w.yaml', line: 12, field: 'run.args[1]', step: 'inside' })
}, 30_000)

const CHILD = `---\nkind: Workflow\nmetadata: { name: child }\nspec: { steps: [{ shell: 'echo {{ nope }}' }] }`

test.each([
  [`shell: 'echo {{ nope }}'`, '<nope> shell of "s"'],
  [`parallel: { count: 2, shell: 'echo {{ nope }}' }`, '2 of 2 workers failed: #0, #1: <nope> parallel.shell of "s"'],
  [
    `parallel: { count: 1, description: 'on mac', steps: [{ shell: 'echo {{ nope + index }}' }] }`,
    'The worker #0 (on mac) of 1 failed: <nope> parallel.steps[0].shell of "s"',
  ],
  [`services: { db: { image: '{{ nope }}' } }`, '<nope> services.db.image of "s"'],
  [`execute: { workflows: [{ name: child }] }`, 'The workflow "child" failed: <nope> spec.steps[0].shell'],
])(
  'a fault is the cause of its step and of the execution, and ends with 155: %s',
  async (step, told) => {
    const { result, cause, events } = await toldOf(`steps:\n  - { name: s, ${step} }`, CHILD)
    expect(cause).toBe(`${told}: nope is not known here.`)
    expect(result).toMatchObject({
      exitCode: 155,
      error: { code: 'EXPRESSION_UNRESOLVED', hint: expect.stringContaining('misspelt') },
    })
    expect(events.some((event) => event.type === 'step' && event.unit === '' && event.exitCode === 155)).toBe(true)
  },
  30_000,
)

test('what could not even be tried in a worker is not turned round by `negative`; a command that failed there is', async () => {
  const wrong = await run(`steps: [{ negative: true, parallel: { count: 1, steps: [{ shell: 'echo {{ nope }}' }] } }]`)
  expect(wrong.result).toMatchObject({ status: 'failed', exitCode: 155 })
  const failed = await run(`steps: [{ negative: true, steps: [{ parallel: { count: 1, shell: exit 1 } }] }]`)
  expect(failed.result).toMatchObject({ status: 'passed' })
}, 30_000)
