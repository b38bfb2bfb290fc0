import type { TestFile } from '../../src/sharding/test-file.ts'

/** A file to plan, measured, of no project. */
export const testFile = (path: string, durationMs: number, change: Partial<TestFile> = {}): TestFile => ({
  id: path,
  project: '',
  path,
  tags: [],
  priority: 0,
  durationMs,
  highMs: durationMs,
  isMeasured: true,
  ...change,
})
