import { expect, test } from 'vitest'
import { planFault } from './playwright.ts'

test.for<[string, Record<string, string>, string | undefined]>([
  ['a run without shards', { ci: 'yes' }, undefined],
  ['shards of one plan', { 'everwarmPlan 1/2 of t': 'a', 'everwarmPlan 2/2 of t': 'a' }, undefined],
  ['shards of two plans', { 'everwarmPlan 1/2 of t': 'a', 'everwarmPlan 2/2 of t': 'b' }, 'not planned from the same timings'],
  ['a shard that is missing', { 'everwarmPlan 1/3 of t': 'a', 'everwarmPlan 3/3 of t': 'a' }, 'shard 2/3 are missing'],
  [
    'shards of a matrix whose jobs split other tests',
    {
      'everwarmPlan 1/2 of t': 'a',
      'everwarmPlan 2/2 of t': 'a',
      'everwarmPlan 1/3 of u': 'b',
      'everwarmPlan 2/3 of u': 'b',
      'everwarmPlan 3/3 of u': 'b',
    },
    undefined,
  ],
  [
    'shards that split other tests',
    { 'everwarmPlan 1/2 of t': 'a', 'everwarmPlan 2/2 of u': 'b' },
    'shard 2/2 are missing, or split other tests. The reports of shard 1/2',
  ],
  ['shards of two splits', { 'everwarmPlan 1/2 of t': 'a', 'everwarmPlan 2/3 of t': 'a' }, 'shards of 2 and of 3'],
])('a merge of %s', ([, metadata, fault]) => {
  if (fault === undefined) expect(planFault(metadata)).toBeUndefined()
  else expect(planFault(metadata)).toContain(fault)
})
