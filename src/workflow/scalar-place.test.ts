import { expect, test } from 'vitest'
import { loadText } from './load.ts'
import { placeAsWritten } from './scalar-place.ts'

const FILE = `kind: Workflow
metadata: { name: places }
spec:
  steps:
    - shell: echo plain
    - shell: "echo quoted"
    - shell: 'it''s'
    - shell: |

        echo one
          echo two
    - shell: &anchor |-
        echo three
    - shell: *anchor
    - shell: >
        folded
        text
`

test.each([
  [0, { line: 1, column: 6 }, '5:19'],
  [1, { line: 1, column: 6 }, '6:20'],
  [2, { line: 1, column: 5 }, '7:14'],
  [3, { line: 2, column: 6 }, '10:14'],
  [3, { line: 3, column: 3 }, '11:11'],
  [4, { line: 1, column: 1 }, '13:9'],
  [5, { line: 1, column: 6 }, '13:14'],
  [6, { line: 1, column: 3 }, '15:14'],
])('a place in the text of step %i stands in the file where it is written, or the text begins', (step, within, at) => {
  const { faultAt } = loadText(FILE, 'w.yaml').documents[0]!
  const { line, column } = faultAt(['spec', 'steps', step, 'shell'], { message: '', within })
  expect(`${line}:${column}`).toBe(at)
})

test.each([
  ['{{ a }} {{ b }}', '{{ a }} {{ b }}', { line: 1, column: 12 }, { line: 1, column: 12 }],
  ['{{a}} {{b}}', '{{ a }} {{ b }}', { line: 1, column: 12 }, { line: 1, column: 9 }],
  ['x {{ known }} {{ b }}', 'x value {{ b }}', { line: 1, column: 12 }, { line: 1, column: 6 }],
  ['{{ lines }}\n{{ b }}', 'one\ntwo\n{{ b }}', { line: 3, column: 4 }, undefined],
])('a place in a text into which values were put is one in %j', (written, resolved, place, expected) => {
  expect(placeAsWritten(written, resolved, place)).toEqual(expected)
})
