import { expect, test } from 'vitest'
import { planFault } from './playwright.ts'

test.for<[string, Record<string, string>, string | undefined]>([
  ['a run without shards', { ci: 'yes' }, undefined],
  ['shards of one plan', { 'everwarmPlan 1/2': 'a', 'everwarmPlan 2/2': 'a' }, undefined],
  ['shards of two plans', { 'everwarmPlan 1/2': 'a', 'everwarmPlan 2/2': 'b' }, 'not planned from the same timings'],
  ['a shard that is missing', { 'everwarmPlan 1/3': 'a', 'everwarmPlan 3/3': 'a' }, 'shard 2/3 are missing'],
  ['shards of two splits', { 'everwarmPlan 1/2': 'a', 'everwarmPlan 2/3': 'a' }, 'shards of 2 and of 3'],
])('a merge of %s', ([, metadata, fault]) => {
  if (fault === undefined) expect(planFault(metadata)).toBeUndefined()
  else expect(planFault(metadata)).toContain(fault)
})
