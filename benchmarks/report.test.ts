import { expect, test } from 'vitest'
import { judge, markdown, median, plain, sampleTable, verdictTable, type Sample } from './report.ts'
import { ROWS, SUITES, type Row } from './rows.ts'

const sample = (runner: Sample['runner'], wallMs: number, cpuMs = wallMs): Sample => ({ suite: 'app', runner, wallMs, cpuMs })
const row: Row = { suite: 'app', runner: 'everwarm', against: ['vmThreads'], metric: 'wall', atMost: 0.35 }

test('the median of three and of four', () => expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]))

test('a row is reached when the ratio of the medians is not above its limit', () => {
  const samples = [sample('everwarm', 350), sample('everwarm', 100), sample('everwarm', 900), sample('vmThreads', 1000)]
  expect(judge([row], samples)).toMatchObject([{ oursMs: 350, theirsMs: 1000, ratio: 0.35, isReached: true }])
  expect(judge([{ ...row, atMost: 0.34 }], samples)).toMatchObject([{ isReached: false }])
})

test('of several opponents the best one counts', () => {
  const samples = [sample('everwarm', 100), sample('forks', 900), sample('vmThreads', 200)]
  expect(judge([{ ...row, against: ['forks', 'vmThreads'] }], samples)).toMatchObject([{ opponent: 'vmThreads', ratio: 0.5 }])
})

test('a row without all its runs is not judged', () => {
  expect(judge([{ ...row, against: ['forks', 'vmThreads'] }], [sample('everwarm', 1), sample('forks', 1)])).toEqual([])
})

test('every row names runners that its suite has', () => {
  for (const { suite, runner, against } of ROWS) {
    const { runners } = SUITES.find((one) => one.name === suite)!
    expect(runners).toEqual(expect.arrayContaining([runner, ...against]))
  }
})

test('tables for a terminal and for a page', () => {
  const samples = [sample('everwarm', 100), sample('vmThreads', 1000)]
  expect(plain(verdictTable(judge([row], samples), SUITES))).toContain('0.100  0.35     reached')
  expect(
    markdown([
      ['a', 'b'],
      ['1', '2'],
    ]),
  ).toBe('| a | b |\n|---|---|\n| 1 | 2 |')
  expect(sampleTable(samples, SUITES)[1]).toEqual([
    'app: 256 files, zod + date-fns + lodash',
    'everwarm, warm',
    '0.10',
    '',
    '0.10',
    '0.4',
    '1',
  ])
})
