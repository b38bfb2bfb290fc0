import type { TestResult } from '../../../src/contracts/session.ts'

export type Expected = Pick<TestResult, 'status' | 'error'> & { waitMs: number }

/** What a test does, by its id alone, which may end with `~` and its time in ms: so a result that belongs to another test, or to none, is seen. */
export function expectedOf(id: string): Expected {
  let hash = 2_166_136_261
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16_777_619) >>> 0
  const waitMs = Number(/~(\d+)$/.exec(id)?.[1] ?? 2 + (hash % 50))
  if (hash % 7 === 0) return { waitMs, status: 'failed', error: `red: ${id}` }
  if (hash % 11 === 0) return { waitMs, status: 'skipped' }
  return { waitMs, status: 'passed' }
}
