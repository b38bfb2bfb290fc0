import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { spawnProcess } from '../system/spawn.ts'
import { knownPath } from './place.ts'
import type { ListedFile } from './test-file.ts'

export type HostName = 'vitest' | 'playwright'

const CONFIGS: Record<HostName, RegExp> = {
  vitest: /^(?:vitest|vite)\.config\.[cm]?[jt]s$/,
  playwright: /^playwright\.config\.[cm]?[jt]s$/,
}
const PACKAGES: Record<HostName, { name: string; bin: string }> = {
  vitest: { name: 'vitest', bin: 'vitest.mjs' },
  playwright: { name: '@playwright/test', bin: 'cli.js' },
}

/** The hosts that this project has a configuration for and that are installed. */
export function hostsOf(root: string, names: readonly string[]): HostName[] {
  return (['vitest', 'playwright'] as const).filter(
    (host) => names.some((name) => CONFIGS[host].test(name)) && programOf(root, host) !== undefined,
  )
}

/**
 * Asks the project's own host for its test files; no test runs.
 * @param root of the project; files are named from `from`, see TimingsPlace.root. `args`: the host's own filters and options
 * @throws EverwarmError LIST_FAILED with what the host said
 */
export async function listFiles(
  host: HostName,
  root: string,
  about: { from: string; env: NodeJS.ProcessEnv; args?: readonly string[] },
): Promise<ListedFile[]> {
  const program = programOf(root, host)
  if (!program)
    throw new EverwarmError('LIST_FAILED', {
      message: `${PACKAGES[host].name} is not installed in ${root}.`,
      hint: 'Install it, or plan from the timings alone with `--host timings`.',
    })
  const folder = mkdtempSync(join(tmpdir(), 'everwarm-list-'))
  try {
    const output = join(folder, 'list.json')
    // Into a file: what a configuration prints on stdout would be in the way.
    const args = host === 'vitest' ? ['list', '--filesOnly', `--json=${output}`] : ['test', '--list', '--reporter=json']
    const env = { ...about.env, EVERWARM: '0', PLAYWRIGHT_JSON_OUTPUT_FILE: output }
    await run(process.execPath, [program, ...args, ...(about.args ?? [])], { cwd: root, env, host })
    const list = existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : []
    return host === 'vitest' ? vitestFiles(list, about.from) : playwrightFiles(list, about.from)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The host's own command, as it is installed here. */
export function programOf(root: string, host: HostName): string | undefined {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve(`${PACKAGES[host].name}/package.json`)
    return join(dirname(manifest), PACKAGES[host].bin)
  } catch {
    // Not installed here.
    return undefined
  }
}

/** Loading a large project's configuration may take a while; a host that hangs must not hang the plan. */
const LIMIT_MS = 5 * 60_000

function run(
  command: string,
  args: string[],
  { cwd, env, host }: { cwd: string; env: NodeJS.ProcessEnv; host: HostName },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawnProcess(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    })
    let said = ''
    const keep = (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000))
    child.stdout!.on('data', keep)
    child.stderr!.on('data', keep)
    const fail = (how: string, cause?: unknown) =>
      reject(
        new EverwarmError('LIST_FAILED', {
          message: `${host} could not list its files (${how}):\n${said.trim()}`,
          hint: `Run it by hand in ${cwd}, or plan from the timings alone with \`--host timings\`.`,
          cause,
        }),
      )
    child.on('error', (error) => fail(error.message, error))
    child.on('close', (code, signal) => (code === 0 ? resolve() : fail(signal ?? `exit code ${code}`)))
  })
}

function vitestFiles(list: { file: string; projectName?: string }[], from: string): ListedFile[] {
  return list.map(({ file, projectName }) => ({ path: knownPath(from, file), project: projectName ?? '' }))
}

/** Projects that others depend on run in full in every shard: they are no part of the split. */
export function playwrightFiles(report: any, from: string): ListedFile[] {
  const projects: any[] = report.config?.filteredProjects ?? report.config?.projects ?? []
  const shared = new Set(projects.flatMap((project) => [...(project.dependencies ?? []), project.teardown]))
  const files = new Map<string, { path: string; project: string; tags: string[] }>()
  const visit = (suite: any, file: string) => {
    for (const spec of suite.specs ?? [])
      for (const { projectName = '' } of spec.tests ?? []) {
        if (shared.has(projectName)) continue
        const key = JSON.stringify([projectName, file])
        const path = knownPath(from, join(report.config.rootDir, file))
        const tags: string[] = files.get(key)?.tags ?? []
        const more = (spec.tags ?? []).filter((tag: string) => !tags.includes(tag))
        files.set(key, { path, project: projectName, tags: [...tags, ...more] })
      }
    for (const inner of suite.suites ?? []) visit(inner, file)
  }
  for (const suite of report.suites ?? []) visit(suite, suite.file)
  return [...files.values()]
}
