import { expect, test } from 'vitest'
import { refuseWithoutImage } from '../../src/workflow/check-images.ts'
import { knownDocuments } from '../../src/workflow/known-documents.ts'
import { loadText } from '../../src/workflow/load.ts'
import { prepare } from '../../src/workflow/prepare.ts'

function told(spec: string): string[] {
  const { documents } = loadText(`kind: Workflow\nmetadata: { name: w }\nspec:\n${spec.replaceAll(/^/gm, '  ')}`, 'w.yaml')
  const known = knownDocuments(documents)
  try {
    refuseWithoutImage(prepare(known.workflows[0]!, known, {}).plan, known.documents)
    return []
  } catch (error) {
    expect(error).toMatchObject({ code: 'FIELD_UNSUPPORTED', hint: expect.stringContaining('--image') })
    return (error as Error).message
      .split('\n')
      .map((line) => line.replace(': It has no `image`, without which it cannot run in a container.', ''))
  }
}

test('commands and services without an image are told where they stand, with their names, workers among them', () => {
  expect(
    told(`services: { db: { command: [sleep] } }
steps:
  - name: Build
    shell: make
  - { name: Pack, run: { image: alpine, shell: tar } }
  - name: Tests
    parallel:
      count: 2
      services: { web: { image: nginx }, api: {} }
      steps: [{ name: One, run: { command: [ls] } }]
`),
  ).toEqual([
    'w.yaml:4:19: spec.services.db',
    'w.yaml:7:14: shell of "Build"',
    'w.yaml:12:49: parallel.services.api of "Tests"',
    'w.yaml:13:35: run of "One"',
  ])
})

test('what has an image, one that is an expression, or never runs is none', () => {
  expect(told('container: { image: alpine }\nsteps: [{ shell: a }, { parallel: { shell: b } }]')).toEqual([])
  expect(told("steps: [{ parallel: { matrix: { v: [1] }, run: { image: 'node:{{ matrix.v }}', shell: a } } }]")).toEqual([])
  expect(told('steps: [{ condition: never, shell: a }, { condition: "false", steps: [{ shell: a }] }]')).toEqual([])
})
