import { expect, test } from 'vitest'
import { expand } from '../../src/workflow/matrix.ts'
import { nodesOf, type Operation, type WorkflowPlan } from '../../src/workflow/plan.ts'
import { workerPlan } from '../../src/workflow/worker-scope.ts'
import { readPlan, scripts } from './read.ts'

const operation = <Type extends Operation['type']>(plan: WorkflowPlan, type: Type) => {
  const found = [...nodesOf(plan.root)].find((node) => node.kind === 'operation' && node.operation.type === type)
  return (found as unknown as { operation: Extract<Operation, { type: Type }> }).operation
}
const place = expand({ matrix: { os: ['linux', 'mac'], b: ['outer'] }, count: 2 }).workers[3]!

test('a worker knows its place; its environment is left for itself', () => {
  const { worker } = operation(
    readPlan(`steps: [{ parallel: { shell: '{{ index + 1 }} of {{ count }} {{ matrix.os }} {{ shardIndex }} {{ env.X }}' } }]`),
    'parallel',
  )
  expect(scripts(workerPlan(worker, place).plan)).toEqual(['4 of 4 mac 1 {{ env.X }}'])
})

test('workers, services and executions further inside have places of their own; how many they are is said from outside', () => {
  const { worker } = operation(
    readPlan(`
steps:
- parallel:
    steps:
    - services: { db: { count: index, image: 'db:{{ index }}-{{ matrix.os }}', env: [{ name: A, value: '{{ count }}' }] } }
      parallel:
        count: index + 1
        matrix: { b: ['{{ matrix.os }}', 2] }
        description: '{{ index }}'
        shell: '{{ index }} {{ matrix.os }} {{ matrix.b }}'
      execute: { workflows: [{ name: 'n{{ index }}', count: index }] }
`),
    'parallel',
  )
  const { plan } = workerPlan(worker, place)
  const inner = operation(plan, 'parallel')
  expect(inner.parallel).toEqual({ count: '4', matrix: { b: ['mac', 2] }, description: '{{ index }}' })
  expect(scripts(workerPlan(inner.worker).plan)).toEqual(['{{ index }} mac {{ matrix.b }}'])
  expect(operation(plan, 'services-start').services['db']).toMatchObject({
    count: '3',
    image: 'db:{{ index }}-mac',
    env: [
      { name: 'CI', value: '1', global: true },
      { name: 'A', value: '{{ count }}' },
    ],
  })
  expect(operation(plan, 'execute').execute.workflows).toEqual([{ name: 'n{{ index }}', count: '3' }])
})

test('a worker has its own parameters', () => {
  const { worker } = operation(
    readPlan(`steps: [{ parallel: { config: { x: { default: y } }, shell: '{{ config.x }}' } }]`),
    'parallel',
  )
  expect(scripts(workerPlan(worker, place).plan)).toEqual(['y'])
})
