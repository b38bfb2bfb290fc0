import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
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

export interface ListAbout {
  /** Files are named from here, see TimingsPlace.root. */
  from: string
  env: NodeJS.ProcessEnv
  /** The host's own filters and options. */
  args?: readonly string[]
  /** What else can be done where listing fails. */
  hint?: string
}

export interface ListedProject {
  files: ListedFile[]
  /** Where Playwright leaves traces and screenshots. */
  outputFolder?: string
}

/**
 * Asks the project's own host for its test files; no test runs.
 * @param root of the project
 * @returns no files where the host says that nothing matches
 * @throws EverwarmError LIST_FAILED with what the host said
 */
export async function listProject(host: HostName, root: string, about: ListAbout): Promise<ListedProject> {
  const program = programOf(root, host)
  if (!program)
    throw new EverwarmError('LIST_FAILED', {
      message: `${PACKAGES[host].name} is not installed in ${root}.`,
      hint: `Install it${about.hint ? `; ${about.hint}` : ''}.`,
    })
  const folder = mkdtempSync(join(tmpdir(), 'everwarm-list-'))
  try {
    const output = join(folder, 'list.json')
    // Into a file: what a configuration prints on stdout would be in the way.
    const args = host === 'vitest' ? ['list', '--filesOnly', `--json=${output}`] : ['test', '--list', '--reporter=json']
    const env = { ...about.env, EVERWARM: '0', PLAYWRIGHT_JSON_OUTPUT_FILE: output }
    const ended = await run(process.execPath, [program, ...args, ...(about.args ?? [])], { cwd: root, env })
    const list = existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : []
    if (ended.how !== undefined && !isOfNothing(list)) throw listFailed(host, root, about, ended, list)
    if (host === 'vitest') return { files: vitestFiles(list, about.from) }
    const outputFolder = list.config?.projects?.[0]?.outputDir
    return { files: playwrightFiles(list, about.from), ...(outputFolder ? { outputFolder } : {}) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Playwright's report says so, and its exit code is that of a failure. */
const isOfNothing = ({ errors }: { errors?: { message?: string }[] }) =>
  errors?.length === 1 && errors[0]!.message?.startsWith('Error: No tests found') === true

/** @throws EverwarmError LIST_FAILED */
export const listFiles = async (host: HostName, root: string, about: ListAbout): Promise<ListedFile[]> =>
  (await listProject(host, root, about)).files

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

interface Ended {
  said: string
  /** Undefined: well. */
  how?: string
  cause?: unknown
}

function run(command: string, args: string[], { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawnProcess(command, args, {
      cwd,
      env: { ...env, NO_COLOR: '1', FORCE_COLOR: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    })
    let said = ''
    const keep = (chunk: Buffer) => (said = (said + chunk.toString()).slice(0, MOST_SAID))
    child.stdout!.on('data', keep)
    child.stderr!.on('data', keep)
    child.on('error', (cause) => resolve({ said, how: cause.message, cause }))
    child.on('close', (code, signal) => resolve(code === 0 ? { said } : { said, how: signal ?? `exit code ${code}` }))
  })
}

const MOST_SAID = 100_000
const MOST_LINES = 12

function listFailed(
  host: HostName,
  root: string,
  { hint }: ListAbout,
  { said, how, cause }: Ended,
  report: { errors?: { message?: string }[] },
) {
  // Playwright says what is wrong only in its report.
  const errors = report.errors?.map(({ message = '' }) => message) ?? []
  return new EverwarmError('LIST_FAILED', {
    message: `${host} could not list its files (${how}):\n${firstLines(errors.length > 0 ? errors.join('\n') : said)}`,
    hint: `Run it by hand in ${root}${hint ? `, or ${hint}` : ''}.`,
    cause,
  })
}

/** What is wrong stands at the beginning; where in the host's own code is of no use to anybody. */
function firstLines(text: string): string {
  const lines = stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
  return [...lines.slice(0, MOST_LINES), ...(lines.length > MOST_LINES ? ['…'] : [])].join('\n')
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
