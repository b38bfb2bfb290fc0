/** What one run of a Vitest project came to; written as JSON by `run-side.ts`. */
export interface RunRecord {
  exitCode: number
  tests: TestRecord[]
  /** Files, for errors that belong to no test: a syntax error, a failed import, a hook of the file. */
  files: FileRecord[]
  unhandled: string[]
  snapshots: Record<string, number>
  /** What everwarm said on stderr, e.g. why it did not take part. */
  notices: string[]
}

export interface TestRecord {
  project: string
  file: string
  /** Names of the suites and of the test, joined by " > ". */
  name: string
  status: string
  errors: string[]
}

export interface FileRecord {
  project: string
  file: string
  status: string
  errors: string[]
}
