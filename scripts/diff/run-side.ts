// One run of a Vitest project, in a process of its own, with the project's own Vitest; what it came to is written as JSON.
// argv: OUT, then the arguments of `vitest run`. EVERWARM_DIFF_PLUGIN: the plugin's module; without it the run is stock.
// EVERWARM_DIFF_POOL: the stock pool to compare with.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import type { SerializedError, TestCase, TestModule, Vitest } from 'vitest/node'
import type { RunRecord } from './record.ts'

const [out, ...vitestArgs] = process.argv.slice(2)
const plugin = process.env.EVERWARM_DIFF_PLUGIN
const pool = process.env.EVERWARM_DIFF_POOL as 'forks' | 'vmThreads' | 'vmForks'
process.env.VITEST ??= 'true'
process.env.TEST ??= 'true'
process.env.NODE_ENV ??= 'test'

const record: RunRecord = { exitCode: 0, tests: [], files: [], unhandled: [], snapshots: {}, notices: [] }
const { parseCLI, startVitest } = await projectVitest()
const { filter, options } = parseCLI(['vitest', 'run', ...vitestArgs])
const collector = { onInit: () => {}, onTestRunEnd: collect }
const vitest = await startVitest(
  filter,
  {
    ...options,
    watch: false,
    reporters: [collector],
    // The provider decides where coverage runs; it is asked for explicitly or not at all.
    coverage: options.coverage ?? { enabled: false },
    ...(plugin ? {} : stockPool()),
  },
  { plugins: plugin ? [poolInConfig(), (await import(plugin)).everwarm()] : [] },
)
collectSnapshots(vitest)
record.exitCode = Number(process.exitCode ?? 0)
writeFileSync(out!, JSON.stringify(record))
// As `vitest run` does it: a handle that the configuration left open must not keep this process.
process.exit()

async function projectVitest(): Promise<typeof import('vitest/node')> {
  const require = createRequire(join(process.cwd(), 'package.json'))
  return import(pathToFileURL(require.resolve('vitest/node')).href)
}

/**
 * In the VM pools a worker serves file after file, and what one leaves in the process the next one meets: a verdict
 * of the file alone needs a worker of its own, which any limit of memory that is too small brings about.
 */
function stockPool() {
  return { pool, ...(pool === 'forks' ? {} : { vmMemoryLimit: options.vmMemoryLimit ?? '1KB' }) }
}

/** A project that asks for another pool would not be compared at all; on the command line it would switch everwarm off. */
function poolInConfig() {
  return {
    name: 'everwarm-diff',
    config: (config: { test?: { pool?: unknown } }) =>
      pool !== 'forks' || typeof config.test?.pool === 'string' ? { test: { pool } } : {},
  }
}

function collect(modules: readonly TestModule[], unhandled: readonly SerializedError[]) {
  for (const module of modules) {
    const place = { project: module.project.name, file: relative(process.cwd(), module.moduleId) }
    const status = module.errors().length > 0 ? 'failed' : module.children.size === 0 ? 'empty' : 'loaded'
    record.files.push({ ...place, status, errors: module.errors().map(errorText) })
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0)
        record.files.push({
          ...place,
          file: `${place.file} > ${suite.fullName}`,
          status: 'failed',
          errors: suite.errors().map(errorText),
        })
    }
    for (const test of module.children.allTests())
      record.tests.push({
        ...place,
        name: test.fullName,
        status: statusOf(test),
        errors: (test.result().errors ?? []).map(errorText),
      })
  }
  record.unhandled.push(...unhandled.map(errorText))
}

function statusOf(test: TestCase): string {
  const { state } = test.result()
  return state === 'skipped' && test.options.mode === 'todo' ? 'todo' : state
}

function errorText(error: { name?: string; message?: string }): string {
  const text = `${error.name ?? 'Error'}: ${error.message ?? ''}`
  return stripVTControlCharacters(text).slice(0, 2000)
}

function collectSnapshots({ snapshot }: Vitest) {
  const names = [
    'added',
    'matched',
    'unmatched',
    'updated',
    'unchecked',
    'filesAdded',
    'filesRemoved',
    'filesUnmatched',
    'filesUpdated',
  ] as const
  for (const name of names) record.snapshots[name] = Number(snapshot.summary[name] ?? 0)
}
