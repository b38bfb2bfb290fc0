import { expect, test } from 'vitest'
import { checkDocuments } from '../../../src/workflow/check.ts'
import { faultText } from '../../../src/workflow/fault.ts'
import { KNOWN_NAMES, type Where } from '../../../src/workflow/lint/known-names.ts'
import { loadText } from '../../../src/workflow/load.ts'
import { run } from './house.ts'

const OWN: Readonly<Record<string, string>> = {
  'config.<name>': 'config.word',
  'pvcs.<name>.name': 'pvcs.kept.name',
  'env.<NAME>': 'env.WORD',
  '<id>': 'build',
  'services.<name>': 'services.db',
  'matrix.<name>': 'matrix.letter',
  'shard.<name>': 'shard.items',
  'tarball.<name>.url': 'tarball.files.url',
}
const written = (name: string) => OWN[name] ?? name.replace('<id>', 'build')
const names = (...where: Where[]) => KNOWN_NAMES.filter((known) => where.includes(known.where)).map(({ name }) => written(name))
const list = (...where: Where[]) => `tojson(list(${names(...where).join(', ')}))`

// A worker without `steps` is a step without an id, which has no results.
const IN_WORKER = list('everywhere', 'running', 'worker').replace(' step.results,', '')

const CHILD = `---
kind: Workflow
metadata: { name: child }
spec: { config: { all: {} }, steps: [{ shell: 'echo child; test -n "$ALL"', container: { env: [{ name: ALL, value: '{{ config.all }}' }] } }] }
`

const SPEC = `config: { word: { default: w } }
pvcs: { kept: {} }
container: { env: [{ name: WORD, value: w }] }
steps:
- { name: Build, id: build, shell: 'mkdir out; echo 1 >out/a; echo 2 >"$WORKFLOW_OUTPUTS/version"; echo 3 >"$WORKFLOW_RESULTS/a"' }
- id: here
  name: Everywhere
  services: { db: { shell: 'sleep 60', readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } } }
  run: { command: [echo, '{{ ${list('everywhere', 'running')} }}'] }
  parallel:
    matrix: { letter: [a] }
    shards: { items: [1] }
    count: 1
    pvcs: { kept: {} }
    description: '{{ ${list('worker')} }}'
    run: { command: [echo, 'in a worker {{ ${IN_WORKER} }}'] }
- name: Until
  retry: { count: 1, until: 'len(${list('until')}) > 9 && self.passed' }
  shell: 'true'
- name: Executed
  execute:
    workflows:
    - { name: child, tarball: { files: { from: out } }, matrix: { letter: [a] }, shards: { items: [1] }, count: 1, config: { all: '{{ ${list('execute', 'worker')} }}' } }
- { name: Items, run: { command: [echo, '{{ map(list("a"), "tojson(list(${names('items').join(', ')}))") }}'] } }
`

test('every name of the table is known where it says, by lint and to a workflow that runs', async () => {
  const { documents, faults } = loadText(
    `kind: Workflow\nmetadata: { name: main }\nspec:\n${SPEC.replaceAll(/^/gm, '  ')}\n${CHILD}`,
    'w.yaml',
  )
  expect([...faults, ...checkDocuments(documents)].map(faultText)).toEqual([])
  const { result, statuses, output } = await run(SPEC, { more: CHILD })
  expect({ result, statuses }).toEqual({
    result: { status: 'passed', exitCode: 0 },
    statuses: { Build: 'passed', Everywhere: 'passed', Until: 'passed', Executed: 'passed', Items: 'passed' },
  })
  expect(output).toContain('in a worker ["w"')
  expect(output).toContain('child\n')
}, 30_000)

test('where it is not known, both say so', async () => {
  const wrong = names('worker', 'execute', 'until', 'items')
  const steps = wrong.map((name) => `- { name: 'With ${name}', optional: true, run: { command: [echo, '{{ ${name} }}'] } }`)
  const spec = `steps:\n${steps.join('\n')}`
  const { documents } = loadText(`kind: Workflow\nmetadata: { name: main }\nspec:\n${spec.replaceAll(/^/gm, '  ')}`, 'w.yaml')
  expect(checkDocuments(documents).map(({ line }) => line)).toEqual(wrong.map((_, i) => i + 5))
  const { statuses } = await run(spec)
  expect(statuses).toEqual(Object.fromEntries(wrong.map((name) => [`With ${name}`, 'failed'])))
})
