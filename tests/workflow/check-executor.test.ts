import { expect, test } from 'vitest'
import { bringsOwnSource, fieldFindings, findingText, refuseFindings } from '../../src/workflow/check-executor.ts'
import type { FieldNote } from '../../src/executors/field-notes.ts'
import { knownDocuments } from '../../src/workflow/known-documents.ts'
import { loadText } from '../../src/workflow/load.ts'
import { prepare } from '../../src/workflow/prepare.ts'

function preparedOf(spec: string, config: Record<string, string> = {}) {
  const { documents, faults } = loadText(
    `kind: Workflow\nmetadata: { name: w }\nspec:\n${spec.replaceAll(/^/gm, '  ')}`,
    'w.yaml',
  )
  expect(faults).toEqual([])
  const known = knownDocuments(documents)
  return prepare(known.workflows[0]!, known, config)
}

const note = (field: string, severity: FieldNote['severity'] = 'warning'): FieldNote => ({ field, why: 'So it is.', severity })

const SPEC = `
pod: { nodeSelector: { disk: ssd } }
job: { labels: {} }
pvcs: { cache: {} }
services: { db: { image: postgres, pod: { volumes: [] }, readinessProbe: { grpc: { port: 1 } } } }
steps:
  - { name: Install, container: { image: node, envFrom: [{ secretRef: { name: a } }] }, shell: npm ci }
  - name: Tests
    parallel:
      count: 2
      pod: { affinity: { x: 1 } }
      steps: [{ name: One, run: { image: node, resources: { limits: { cpu: '1' } }, shell: ls } }]
`

test('fields are found in steps, workers and services, each once with where it stands', () => {
  const fields = ['container.image', 'container.resources', 'pod.affinity', 'pod.nodeSelector', 'service.readinessProbe.grpc']
  const found = fieldFindings(
    preparedOf(SPEC),
    [...fields, 'container.envFrom.secretRef', 'pvcs'].map((field) => note(field)),
  )
  expect(Object.fromEntries(found.map(({ field, where }) => [field, where]))).toEqual({
    'container.image': ['service db', 'Install', 'One'],
    'container.resources': ['One'],
    'pod.affinity': ['Tests'],
    'pod.nodeSelector': ['workflow', 'Tests'],
    'service.readinessProbe.grpc': ['service db'],
    'container.envFrom.secretRef': ['Install'],
    pvcs: ['workflow'],
  })
})

test('what is not written, or written as nothing, is not found', () => {
  expect(
    fieldFindings(
      preparedOf(SPEC),
      ['job.labels', 'pod.volumes', 'container.envFrom.configMapRef', 'job.namespace'].map((f) => note(f)),
    ),
  ).toEqual([])
})

test('warnings let it run; errors, and with strict all of them, are said at once', () => {
  const found = fieldFindings(preparedOf(SPEC), [note('container.image'), note('pvcs')])
  expect(refuseFindings(found, { executor: 'local', isStrict: false })).toHaveLength(2)
  expect(() => refuseFindings(found, { executor: 'local', isStrict: true })).toThrow(
    expect.objectContaining({ code: 'FIELD_UNSUPPORTED', message: expect.stringMatching(/container\.image .*pvcs/) }),
  )
  const one = fieldFindings(preparedOf(SPEC), [note('container.image'), note('pvcs', 'error')])
  expect(() => refuseFindings(one, { executor: 'local', isStrict: false })).toThrow(
    'The executor "local" has no meaning for: pvcs (workflow): So it is.',
  )
})

test('many places are counted, not listed', () => {
  const where = ['a', 'b', 'c', 'd', 'e']
  expect(findingText({ ...note('x.y'), where })).toBe('x.y (a, b, c and 2 more): So it is.')
})

test('a workflow that clones its repository to /data/repo brings its own source', () => {
  const clone = (mount: string) =>
    preparedOf(`content: { git: { uri: 'https://example.com/x.git'${mount} } }\nsteps: [{ shell: ls }]`).plan
  expect([
    bringsOwnSource(clone('')),
    bringsOwnSource(clone(', mountPath: /data/tools')),
    bringsOwnSource(preparedOf(SPEC).plan),
  ]).toEqual([true, false, false])
})

test('a finding does not show the value of a sensitive parameter, nor does the error of them', () => {
  const spec = 'config: { tok: { sensitive: true } }\nsteps: [{ name: "n {{ config.tok }}", container: { image: i }, shell: x }]'
  const found = fieldFindings(preparedOf(spec, { tok: 'sensitivevalue1' }), [note('container.image')])
  expect(found.map(findingText)).toEqual(['container.image (n ****): So it is.'])
  expect(() => refuseFindings(found, { executor: 'local', isStrict: true })).toThrow(/image \(n \*{4}\)/)
})
