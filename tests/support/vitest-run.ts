import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FileMemory, type FileRun } from '../../src/pool/vitest/memory.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const VITEST = join(REPOSITORY, 'node_modules/vitest/vitest.mjs')

export interface RunResult {
  code: number
  stdout: string
  stderr: string
  /** `file > test` → state, by Vitest's own JSON reporter; files that failed by themselves under their own name. */
  states: Record<string, string>
  /** What `everwarm explain` would say, by file name. */
  runs: Record<string, FileRun>
}

export interface Project {
  root: string
  write(files: Record<string, string>): void
  run(options?: { args?: string[]; env?: Record<string, string> }): Promise<RunResult>
  remove(): void
}

/** A small project in a folder of its own whose hosts are the stub's; `options` is the source text of everwarm's options. */
export function project(files: Record<string, string>, { options = '', test = '' } = {}): Project {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-project-')))
  const cache = join(root, '.cache')
  const write = (contents: Record<string, string>) => {
    for (const [name, text] of Object.entries(contents)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'))
  write({
    'package.json': '{ "type": "module" }',
    'everwarm.ts': `
      export { everwarm, pool } from '${REPOSITORY}/src/vitest.ts'
      import { localLeaser } from '${REPOSITORY}/tests/support/local-leaser.ts'
      export const options = { leaser: () => localLeaser({ entry: '${REPOSITORY}/tests/support/stub-host.ts' }), ${options} }
    `,
    'vitest.config.ts': `
      import { everwarm, options } from './everwarm.ts'
      export default { plugins: [everwarm(options)], test: { include: ['**/*.test.ts'], ${test} } }
    `,
    ...files,
  })
  return {
    root,
    write,
    remove: () => rmSync(root, { recursive: true, force: true }),
    async run({ args = [], env = {} } = {}) {
      const report = join(root, 'report.json')
      rmSync(report, { force: true })
      const result = await execute(
        [VITEST, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
        root,
        {
          ...cleanEnv(),
          EVERWARM_CACHE: cache,
          // node_modules are this checkout's own: the default place for timings would be shared
          EVERWARM_TIMINGS: join(root, '.timings'),
          ...env,
        },
      )
      const memory = new FileMemory(cache, root)
      const names = Object.keys(files).filter((name) => name.endsWith('.test.ts'))
      const runs = names.flatMap((name) =>
        memory
          .lastRuns(join(root, name))
          .slice(0, 1)
          .map((run) => [name, run] as const),
      )
      return { ...result, states: readStates(report, root), runs: Object.fromEntries(runs) }
    },
  }
}

/** The tests themselves run in Vitest: what it set must not reach the Vitest under test. */
export function cleanEnv(): Record<string, string | undefined> {
  const own = /^(?:VITEST|TEST$|NODE_ENV$|EVERWARM|CI$|NODE_OPTIONS$|FORCE_|DEV$|PROD$|SSR$|MODE$|BASE_URL$|GITHUB_ACTIONS$)/
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name))), NO_COLOR: '1' }
}

function execute(
  args: string[],
  cwd: string,
  env: Record<string, string | undefined>,
): Promise<Pick<RunResult, 'code' | 'stdout' | 'stderr'>> {
  return new Promise((resolve) =>
    execFile(process.execPath, args, { cwd, env, timeout: 110_000, killSignal: 'SIGKILL' }, (error, stdout, stderr) =>
      resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, stdout, stderr }),
    ),
  )
}

interface JsonReport {
  testResults?: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[]
}

/** Empty if the run ended before there was a report. */
function readStates(report: string, root: string): Record<string, string> {
  const json: JsonReport = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as JsonReport) : {}
  const states: Record<string, string> = {}
  for (const { name, status, assertionResults } of json.testResults ?? []) {
    const file = name.slice(root.length + 1)
    if (assertionResults.length === 0) states[file] = status
    for (const test of assertionResults) states[`${file} > ${test.fullName}`] = test.status
  }
  return states
}
