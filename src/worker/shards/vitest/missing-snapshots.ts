import type { TestCase } from 'vitest/node'

const SAID = /^(?:Error: )?Snapshot `.*` mismatched$/m
const WHY = ': it is not there yet, and workers write no snapshots. Write it where you work: `npx vitest`'

/** Vitest says of a snapshot that is not there the same as of one that is another: here it says which. Changes the test's errors. */
export function explainMissing(test: TestCase): void {
  for (const error of test.result().errors ?? []) {
    // A snapshot that is there is never empty.
    if (!SAID.test(error.message) || (error['expected'] ?? '') !== '') continue
    error.message += WHY
    if (error.stack) error.stack = error.stack.replace(SAID, (said) => said + WHY)
  }
}
