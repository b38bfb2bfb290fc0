import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node'
import type { ErrorInfo } from '../../../contracts/error-info.ts'
import type { HostMessage } from '../host-types.ts'
import { writeBlob } from './blob.ts'
import { failBrokenOff } from './broken-off.ts'
import type { BlobReporterClass } from './load.ts'
import { explainMissing } from './missing-snapshots.ts'
import { fileResult, unknownResult } from './results.ts'
import type { FoundTest } from './specifications.ts'

export interface StreamingReporter {
  reporter: Reporter
  begin(vitest: Vitest, tests: readonly FoundTest[], BlobReporter: BlobReporterClass): void
  /** The run has ended: says of each test that has not been told of what is known. */
  finish(): Promise<void>
  /** What belongs to no file, of all runs since the last time it was asked. */
  takeRunError(): { error?: ErrorInfo }
}

interface Entry extends FoundTest {
  startedMs: number
  waiting: Set<string>
  modules: TestModule[]
  isTold: boolean
  aliveMs: number
}

const ALIVE_PAUSE_MS = 500
const keyOf = (moduleId: string, project: string) => `${project}\0${moduleId}`

/** Tells of each test as soon as its file has ended in all of its projects. */
export function streamingReporter(tell: (message: HostMessage) => void, scratch: string): StreamingReporter {
  let vitest: Vitest
  let Blob: BlobReporterClass
  let entries: Entry[] = []
  let byModule = new Map<string, Entry[]>()
  const writing = new Set<Promise<void>>()
  const toldErrors = new Set<unknown>()
  let runErrors: SerializedError[] = []
  let count = 0

  const entriesOf = (module: TestModule) => byModule.get(keyOf(module.moduleId, module.project.name)) ?? []
  const alive = (module: TestModule) => {
    const nowMs = performance.now()
    for (const entry of entriesOf(module)) {
      if (nowMs - entry.aliveMs < ALIVE_PAUSE_MS) continue
      entry.aliveMs = nowMs
      tell({ kind: 'alive', testId: entry.test.id })
    }
  }
  const errorsOf = (entry: Entry) =>
    (vitest.state.getUnhandledErrors() as SerializedError[]).filter(
      (error) => !toldErrors.has(error) && entry.specifications.some(({ moduleId }) => moduleId === error['VITEST_TEST_PATH']),
    )
  const write = async (entry: Entry) => {
    entry.isTold = true
    const errors = vitest.config.dangerouslyIgnoreUnhandledErrors ? [] : errorsOf(entry)
    for (const error of errors) toldErrors.add(error)
    const result = fileResult(entry.test, entry.modules, { errors, startedMs: entry.startedMs, endedMs: Date.now() })
    const folder = join(scratch, String(process.pid))
    mkdirSync(folder, { recursive: true })
    const outputFile = join(folder, `${(count += 1)}.json`)
    try {
      await writeBlob(Blob, vitest, { modules: entry.modules, errors, outputFile, durationMs: result.duration })
      tell({ kind: 'result', result, reportPath: outputFile })
    } catch (error) {
      tell({ kind: 'output', stream: 'stderr', text: `everwarm: no report of ${entry.test.path}: ${(error as Error).message}\n` })
      tell({ kind: 'result', result })
    }
  }
  const writeRest = (entry: Entry) => {
    const explained = failBrokenOff(entry.modules, runErrors)
    runErrors = runErrors.filter((error) => !explained.includes(error))
    return write(entry)
  }
  const tellOf = (entry: Entry) => {
    if (entry.isTold) return
    const written = write(entry).finally(() => writing.delete(written))
    writing.add(written)
  }

  return {
    begin(given, tests, BlobReporter) {
      vitest = given
      Blob = BlobReporter
      entries = tests.map((found) => ({
        ...found,
        startedMs: Date.now(),
        waiting: new Set(found.specifications.map(({ moduleId, project }) => keyOf(moduleId, project.name))),
        modules: [],
        isTold: false,
        aliveMs: 0,
      }))
      byModule = new Map()
      for (const entry of entries) for (const key of entry.waiting) byModule.set(key, [...(byModule.get(key) ?? []), entry])
    },
    async finish() {
      for (const entry of entries) {
        if (entry.isTold) continue
        entry.isTold = true
        if (entry.specifications.length === 0) tell({ kind: 'result', result: unknownResult(entry.test) })
        else if (entry.modules.length > 0) await writeRest(entry)
      }
      await Promise.all(writing)
      entries = []
      byModule.clear()
    },
    takeRunError() {
      const [first] = runErrors
      const more = runErrors.length - 1
      runErrors = []
      if (!first) return {}
      const text = `${first.name ?? 'Error'}: ${first.message}${first.stack ? `\n${first.stack}` : ''}`
      return {
        error: {
          code: 'SHARD_FAILED',
          message: `Vitest caught an error outside of its tests${more > 0 ? ` (and ${more} more)` : ''}. ${text}`.slice(
            0,
            16_000,
          ),
          hint: 'Its tests have their own results; this error belongs to none of them.',
        },
      }
    },
    reporter: {
      onTestModuleStart(module) {
        for (const entry of entriesOf(module)) {
          if (entry.modules.length === 0) entry.startedMs = Date.now()
          tell({ kind: 'started', testId: entry.test.id })
        }
      },
      onTestModuleCollected: alive,
      onTestCaseReady: ({ module }) => alive(module),
      onTestCaseResult(test) {
        explainMissing(test)
        alive(test.module)
      },
      onTestModuleEnd(module) {
        for (const entry of entriesOf(module)) {
          const key = keyOf(module.moduleId, module.project.name)
          if (!entry.waiting.delete(key)) continue
          entry.modules.push(module)
          if (entry.waiting.size === 0) tellOf(entry)
        }
      },
      onUserConsoleLog: ({ type, content }) => tell({ kind: 'output', stream: type, text: content }),
      onTestRunEnd(_modules, errors) {
        if (vitest.config.dangerouslyIgnoreUnhandledErrors) return
        for (const entry of entries)
          if (!entry.isTold && entry.modules.length === 0)
            entry.modules.push(...entry.specifications.flatMap(({ testModule }) => testModule ?? []))
        const ofUntold = new Set(
          entries.filter(({ isTold }) => !isTold).flatMap(({ specifications }) => specifications.map(({ moduleId }) => moduleId)),
        )
        runErrors.push(...errors.filter((error) => !toldErrors.has(error) && !ofUntold.has(String(error['VITEST_TEST_PATH']))))
      },
    },
  }
}
