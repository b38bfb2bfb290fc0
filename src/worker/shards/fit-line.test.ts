import { expect, test } from 'vitest'
import { ShardOutput } from '../../contracts/shard-run.ts'
import { fitLine } from './fit-line.ts'

const result = (count: number, chars: number): ShardOutput => ({
  event: 'result',
  shardId: 's',
  attempt: 1,
  result: {
    testId: 't',
    status: 'failed',
    duration: 1,
    report: 'a'.repeat(64),
    cases: Array.from({ length: count }, (_, i) => ({
      name: `case ${i}`,
      status: i % 2 ? 'passed' : 'failed',
      error: 'ä'.repeat(chars),
      errorStack: 's'.repeat(chars),
    })),
  },
})

test('a result that fits is left as it is', () => {
  expect(JSON.parse(fitLine(result(2, 10)))).toEqual(result(2, 10))
})

test.for([
  [100, 5_000],
  [2_000, 500],
  [50_000, 100],
])('a result of %i cases with errors of %i letters is cut until it fits, and keeps its verdict', ([count, chars]) => {
  const line = fitLine(result(count!, chars!))
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(524_288)
  expect(ShardOutput.parse(JSON.parse(line))).toMatchObject({ result: { status: 'failed', report: 'a'.repeat(64) } })
})
