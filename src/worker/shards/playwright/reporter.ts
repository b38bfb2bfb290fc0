// Loaded by `playwright test`, which takes reporters by their default export: tells the shard program of each file.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type {
  FullConfig,
  FullResult,
  Reporter,
  Suite,
  TestCase,
  TestError,
  TestResult,
  TestRun,
  TestStep,
} from '@playwright/test/reporter'
import type { SessionTest } from '../../../contracts/session.ts'
import type { HostMessage } from '../host-types.ts'
import { type BlobReporter, openBlobs } from './blobs.ts'
import { entryResult, isFinalAttempt, listedTests, matchesEntry, narrowedSuite, unloadedResult } from './entries.ts'

const folder = process.env.EVERWARM_SHARD_FOLDER ?? '.'
const post = process.send?.bind(process)
const tell = (message: HostMessage) => void (process.connected && post?.(message, undefined, undefined, () => {}))

interface Entry {
  test: SessionTest
  cases: TestCase[]
  open: Set<TestCase>
  /** Something of it failed and may be tried again, with all that stands beside it. */
  isUncertain: boolean
  hasBegun: boolean
  isTold: boolean
  startedMs: number
  blob?: BlobReporter
  blobPath: string
}

class ShardReporter implements Reporter {
  readonly #asked: SessionTest[] | undefined = readAsked()
  #entries: Entry[] = []
  #listed: SessionTest[] | undefined
  readonly #byCase = new Map<TestCase, Entry[]>()
  readonly #errors: TestError[] = []
  readonly #writing: Promise<void>[] = []
  readonly #blobs: { blob: BlobReporter; blobPath: string }[] = []

  // Else Playwright adds a reporter that prints.
  printsToStdio(): boolean {
    return true
  }

  async preprocess({ config, suite, testRun }: { config: FullConfig; suite: Suite; testRun: TestRun }): Promise<void> {
    const asked = this.#asked
    if (!asked) return
    for (const test of suite.allTests()) if (!asked.some((entry) => matchesEntry(test, entry))) exclude(testRun, test)
    this.#blobs.push(...(await openBlobs(config, folder, asked.length)))
  }

  onBegin(config: FullConfig, suite: Suite): void {
    if (!this.#asked) return void (this.#listed = listedTests(suite))
    this.#entries = this.#asked.map((test, i) => {
      const cases = suite.allTests().filter((each) => matchesEntry(each, test))
      return {
        ...emptyEntry(test),
        cases,
        open: new Set(cases),
        ...this.#blobs[i],
      }
    })
    for (const entry of this.#entries) {
      for (const each of entry.cases) this.#byCase.set(each, [...(this.#byCase.get(each) ?? []), entry])
      entry.blob?.onConfigure(config)
      entry.blob?.onBegin(narrowedSuite(suite, new Set(entry.cases)))
    }
  }

  onTestBegin(test: TestCase, result: TestResult): void {
    for (const entry of this.#entriesOf(test)) {
      if (!entry.hasBegun) entry.startedMs = Date.now()
      tell({ kind: entry.hasBegun ? 'alive' : 'started', testId: entry.test.id })
      entry.hasBegun = true
      entry.blob?.onTestBegin(test, result)
    }
  }

  onStepBegin(test: TestCase, result: TestResult, step: TestStep): void {
    for (const { blob } of this.#entriesOf(test)) blob?.onStepBegin(test, result, step)
  }

  onStepEnd(test: TestCase, result: TestResult, step: TestStep): void {
    for (const { blob } of this.#entriesOf(test)) blob?.onStepEnd(test, result, step)
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    for (const entry of this.#entriesOf(test)) {
      entry.blob?.onTestEnd(test, result)
      tell({ kind: 'alive', testId: entry.test.id })
      if (isFinalAttempt(test, result)) entry.open.delete(test)
      if (test.retries > 0 && result.status !== test.expectedStatus && result.status !== 'skipped') entry.isUncertain = true
      if (entry.open.size === 0 && !entry.isUncertain) this.#tellOf(entry)
    }
  }

  onStdOut(chunk: string | Buffer, test?: TestCase, result?: TestResult): void {
    this.#output('stdout', chunk, test, result)
  }

  onStdErr(chunk: string | Buffer, test?: TestCase, result?: TestResult): void {
    this.#output('stderr', chunk, test, result)
  }

  onError(error: TestError): void {
    this.#errors.push(error)
    for (const { blob, isTold } of this.#entries) if (!isTold) blob?.onError(error)
  }

  async onEnd({ status }: FullResult): Promise<void> {
    // A list without the files that could not be loaded would pass for the whole.
    if (this.#listed && this.#errors.length === 0) tell({ kind: 'listed', tests: this.#listed })
    else if (!this.#listed) await this.#endRun(status)
    else this.#output('stderr', this.#errors.map(({ message, value }) => message ?? value ?? '').join('\n'))
  }

  async #endRun(status: FullResult['status']): Promise<void> {
    // Playwright begins nothing where a file could not be loaded.
    if (this.#entries.length === 0) this.#entries = (this.#asked ?? []).map((test) => emptyEntry(test))
    const untold = this.#entries.filter(({ isTold }) => !isTold)
    const ran = untold.filter(({ cases }) => cases.some(({ results }) => results.length > 0))
    for (const entry of ran) this.#tellOf(entry)
    await Promise.all(this.#writing)
    const left = untold.filter((entry) => !ran.includes(entry))
    const isAlone = this.#entries.length === 1
    const unloaded = left.flatMap(({ test }) => unloadedResult(test, this.#errors, isAlone) ?? [])
    for (const result of unloaded) tell({ kind: 'result', result })
    const rest = left.filter(({ test }) => !unloaded.some(({ testId }) => testId === test.id))
    const again = unloaded.length > 0 && rest.length > 0
    tell({ kind: 'ended', again, ...(again ? {} : this.#fault(status, rest, unloaded.length > 0)) })
  }

  #entriesOf(test: TestCase): Entry[] {
    return this.#byCase.get(test) ?? []
  }

  #output(stream: 'stdout' | 'stderr', chunk: string | Buffer, test?: TestCase, result?: TestResult): void {
    tell({ kind: 'output', stream, text: chunk.toString() })
    if (!test) return
    for (const { blob } of this.#entriesOf(test)) blob?.[stream === 'stdout' ? 'onStdOut' : 'onStdErr'](chunk, test, result)
  }

  #tellOf(entry: Entry): void {
    if (entry.isTold) return
    entry.isTold = true
    this.#writing.push(this.#write(entry))
  }

  async #write(entry: Entry): Promise<void> {
    const found = entryResult(entry.test, entry.cases, { startedMs: entry.startedMs, endedMs: Date.now() })
    try {
      const status = found.result.status === 'failed' ? 'failed' : 'passed'
      await entry.blob?.onEnd({ status, startTime: new Date(entry.startedMs), duration: Date.now() - entry.startedMs })
      tell({ kind: 'result', ...found, ...(entry.blob ? { reportPath: entry.blobPath } : {}) })
    } catch (error) {
      tell({ kind: 'output', stream: 'stderr', text: `everwarm: no report of ${entry.test.path}: ${(error as Error).message}\n` })
      tell({ kind: 'result', ...found })
    }
  }

  /** Tests that did not run, and errors outside of tests. */
  #fault(status: FullResult['status'], left: readonly Entry[], isExplained: boolean) {
    const [first] = this.#errors
    // Of files without tests; their results say it.
    const isOfNoTests = first?.message?.includes('No tests found')
    if (first && !isExplained && !isOfNoTests)
      return {
        error: {
          code: 'SHARD_FAILED',
          message: `Playwright reports an error outside of its tests: ${first.message ?? first.value ?? status}`.slice(0, 16_000),
        },
      }
    for (const { test } of left) {
      const error = `TEST_UNKNOWN: Playwright has no tests in ${test.path}, or did not come to run them (${status}).`
      tell({ kind: 'result', result: { testId: test.id, testPath: test.path, status: 'failed', duration: 0, error } })
    }
    return {}
  }
}

function emptyEntry(test: SessionTest): Entry {
  return {
    test,
    cases: [],
    open: new Set(),
    isUncertain: false,
    hasBegun: false,
    isTold: false,
    startedMs: Date.now(),
    blobPath: '',
  }
}

/** Setup projects run in every shard. */
function exclude(testRun: TestRun, test: TestCase): void {
  try {
    testRun.exclude(test)
  } catch {
    // "Setup and teardown projects cannot be changed": they stay.
  }
}

function readAsked(): SessionTest[] | undefined {
  const path = join(folder, 'tests.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as SessionTest[]) : undefined
}

export { ShardReporter as default }
