import { expect, test } from 'vitest'
import { processesOf, processRows, since } from './process-tree.ts'

const row = (pid: number, parent: number, startedAt: number, name = 'sh', state = 'S') =>
  `${pid} (${name}) ${state} ${parent} ${pid} ${pid} 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 ${startedAt} 4096 1 0`

test('a line of /proc is read whatever the program calls itself', () => {
  expect(processRows(`${row(7, 1, 900, 'a) Z (9 8')}\nno line\n`)).toEqual([{ pid: 7, state: 'S', parent: 1, startedAt: 900 }])
})

test('what began after a command is its own, but for ours, for what has ended and for other commands with their children', () => {
  const rows = processRows(
    [
      row(1, 0, 10),
      row(20, 0, 50, 'background of an earlier command'),
      row(30, 29, 100, 'main'),
      row(31, 30, 101, 'child'),
      row(32, 1, 102, 'orphan'),
      row(33, 30, 103, 'zombie', 'Z'),
      row(34, 29, 104, 'dd'),
      row(40, 39, 105, 'other main'),
      row(41, 40, 106, 'child of the other'),
    ].join('\n'),
  )
  const strangers = new Set([20, 30, 31, 32, 33, 40, 41])
  expect(processesOf(30, since(rows, 99), strangers, new Set([40]))).toEqual([30, 31, 32])
  expect(processesOf(40, since(rows, 104), strangers, new Set([30]))).toEqual([40, 41])
})
