import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import type { Vitest } from 'vitest/node'
import { type CommandLine, isSameRun, namePattern, normalized } from './command-line.ts'

/** A Vitest whose configuration is read, whose server stands, and which has not begun to look for tests. */
export interface PreparedVitest {
  /** What to run for this command line; null if it would have made another Vitest. */
  asked(argv: readonly string[]): CommandLine | null
  /** What its configuration is made of and nobody could see read. */
  configFiles(): string[]
  /** See the function of this name; what it looks at is nobody's configuration. */
  rehearse(): Promise<void>
  /** Runs as the command would have; settles when Vitest is closed. */
  run(asked: CommandLine): Promise<void>
}

/** A module of this package that changes with it only. */
const REHEARSED = fileURLToPath(new URL(`./announce${extname(import.meta.url)}`, import.meta.url))

interface VitestNode {
  parseCLI(argv: string[]): CommandLine
  createCLI(): CommandParser
  startVitest(mode: 'test', filters: string[], options: object, viteOverrides: object): Promise<Vitest>
}

/**
 * Starts Vitest by its public API and holds it at its `start`.
 * @throws Error where it would not run tests, or cannot start
 */
export async function prepareVitest(vitestPackage: string, argv: readonly string[]): Promise<PreparedVitest> {
  const entry = pathToFileURL(join(dirname(vitestPackage), 'dist', 'node.js')).href
  const { createCLI, parseCLI, startVitest } = (await import(entry)) as VitestNode
  const parse = (args: readonly string[]) => {
    checkArguments(createCLI(), args)
    return parseCLI(['vitest', ...args])
  }
  const prepared = parse(argv)
  // Vitest keeps this very array, and reads it when it looks for files.
  const filters: string[] = []
  const gate = holdAtStart()
  const run = startVitest('test', filters, normalized({ ...prepared, filter: [] }).options, { plugins: [gate.plugin] })
  const vitest = await Promise.race([gate.reached, run.then(() => undefined)])
  if (!vitest) throw new Error('Vitest did not come to run tests.')
  if (process.getActiveResourcesInfo().includes('TCPServerWrap')) throw new Error('Its configuration listens on a port.')
  if (vitest.config.watch) throw new Error('Vitest would watch files.')
  // They are opened as soon as the configuration is known, and would wait with it.
  if (vitest.projects.some(({ config }) => config.browser.enabled)) throw new Error('Browser mode opens browsers.')
  return {
    asked(args) {
      // Parsing takes 5 ms, and the same is asked again and again.
      if (isDeepStrictEqual(args, argv)) return prepared
      try {
        const line = parse(args)
        void new RegExp(namePattern(line) ?? '')
        return isSameRun(prepared, line) ? line : null
      } catch {
        // A wrong option, or a pattern that is none: Vitest itself says so.
        return null
      }
    },
    configFiles: () => configFilesOf(vitest),
    rehearse: () => rehearse(vitest, () => parse(argv)),
    async run(asked) {
      filters.push(...normalized(asked).filter)
      const pattern = namePattern(asked)
      if (pattern !== undefined) vitest.setGlobalTestNamePattern(pattern)
      // Results of runs since then: they decide the order.
      await (vitest.cache as unknown as { _load?(): Promise<void> })._load?.()
      gate.open()
      const done = await run
      if (!done.shouldKeepServer()) await done.exit()
    },
  }
}

/** The parser of Vitest's command, `cac`. */
interface CommandParser {
  parse(argv: string[], options: { run: false }): unknown
  matchedCommand?: {
    checkUnknownOptions?(): void
    checkOptionValue?(): void
    checkRequiredArgs?(): void
    checkUnusedArgs?(): void
  }
}

/**
 * As the command does before it acts on what it has parsed, and `parseCLI` does not.
 * @throws Error for an option that there is not, or one without its value
 * @see cac: `runMatchedCommand`
 */
function checkArguments(parser: CommandParser, args: readonly string[]): void {
  parser.parse(['node', 'vitest', ...args], { run: false })
  const { matchedCommand: command } = parser
  command?.checkUnknownOptions?.()
  command?.checkOptionValue?.()
  command?.checkRequiredArgs?.()
}

function holdAtStart() {
  let reach: (vitest: Vitest) => void
  let open = () => {}
  const reached = new Promise<Vitest>((resolve) => (reach = resolve))
  const opened = new Promise<void>((resolve) => (open = resolve))
  let isSet = false
  return {
    reached,
    open: () => open(),
    plugin: {
      name: 'everwarm:resident',
      configureVitest({ vitest }: { vitest: Vitest }) {
        if (isSet) return
        isSet = true
        const start = vitest.start
        vitest.start = async (filters) => {
          vitest.start = start
          reach(vitest)
          await opened
          return vitest.start(filters)
        }
      },
    },
  }
}

/**
 * Walks once through what every run begins with, so that its code is loaded and compiled: looking for test files, and
 * turning a source into what runs. Nothing of what was found is kept.
 */
async function rehearse(vitest: Vitest, parse: () => void): Promise<void> {
  parse()
  await vitest.globTestSpecifications().catch(() => [])
  vitest.clearSpecificationsCache()
  for (const { vite } of vitest.projects.slice(0, 1))
    await vite.environments['ssr']?.transformRequest(REHEARSED).catch(() => null)
}

/** Configuration files with all they import, of the root and of each project. */
function configFilesOf(vitest: Vitest): string[] {
  const servers = [vitest.vite, ...vitest.projects.map((project) => project.vite)]
  return servers.flatMap(({ config }) => [
    ...(config.configFile ? [config.configFile] : []),
    ...(config.configFileDependencies ?? []),
  ])
}
