import type { Estimator } from './estimate.ts'
import { byText, type TestStatus } from './timing.ts'

/** What a plan puts into shards: a file in a project, or a smaller unit where the host can run one. */
export interface TestFile {
  /** Unique in the plan. */
  id: string
  project: string
  /** From the root, with `/`. */
  path: string
  /** As the host gives them, with or without `@`; the first is the main one. */
  tags: readonly string[]
  /** Higher runs earlier; 0 by default. */
  priority: number
  /** What it will probably take, ms. */
  durationMs: number
  /** What it may take, ms: dynamic mode takes long ones first, and the unknown may be long. */
  highMs: number
  /** false: never run before, or not found in the snapshot. */
  isMeasured: boolean
  /** ms since 1970, of its last failure. */
  lastFailedMs?: number
  lastResult?: TestStatus
  /** Its tests run in order and must stay together. */
  isSerial?: boolean
  /** Tests with their usual ms, for splitting it; empty: not known. */
  tests?: readonly { name: string; durationMs: number }[]
}

/** A file as a host lists it. */
export interface ListedFile {
  path: string
  project?: string
  environment?: string
  tags?: readonly string[]
  priority?: number
  isSerial?: boolean
}

/** Hosts' lists with what is known of their files, in the order of their ids: no machine's own order gets into a plan. */
export function describeFiles(listed: readonly ListedFile[], known: Estimator): TestFile[] {
  return listed.map((file) => describe(file, known)).sort((a, b) => byText(a.id, b.id))
}

/** Unique in a plan, because a file runs once in a project. */
export const fileId = (path: string, project: string) => (project === '' ? path : `[${project}] ${path}`)

function describe(
  { path, project = '', environment, tags = [], priority = 0, isSerial }: ListedFile,
  known: Estimator,
): TestFile {
  const subject = { project, environment, file: path }
  const estimate = known.estimate(subject)
  const tests = [...(known.timing(subject)?.tests.keys() ?? [])].map((name) => ({
    name,
    durationMs: known.estimateTest(subject, name) ?? 0,
  }))
  return {
    id: fileId(path, project),
    project,
    path,
    tags,
    priority,
    durationMs: estimate.ms,
    highMs: estimate.highMs,
    isMeasured: estimate.source === 'measured',
    ...(estimate.lastFailedMs === undefined ? {} : { lastFailedMs: estimate.lastFailedMs }),
    ...(estimate.lastStatus ? { lastResult: estimate.lastStatus } : {}),
    ...(isSerial ? { isSerial } : {}),
    ...(tests.length > 0 ? { tests } : {}),
  }
}
