// npm run bench -- sharding [--suites N] [--trials N] [--write]
// npm run bench -- runtimes [--only resident,wasm,…] [--rounds N] [--write]
// npm run bench -- coordinator [--only failover,chaos,…] [--rounds N] [--seed N] [--write]
// npm run bench -- workflow [--workers N] [--rounds N] [--write]
// npm run bench -- vitest [--only app,jsdom,…] [--rounds N] [--files N] [--json FILE] [--write]
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measureMemory } from './memory.ts'
import { Warmth } from './pool.ts'
import { BenchError, checkGenerators, packEverwarm, prepareProject, versionIn } from './projects.ts'
import { judge, markdown, memoryTable, plain, sampleTable, verdictTable, type MemoryResult, type Sample } from './report.ts'
import { MEMORY, ONE_ROUND, ROWS, SUITES, type Suite } from './rows.ts'
import { MAX_WORKERS, runOnce } from './runners.ts'
import { writeSection } from './section.ts'

const repo = resolve(import.meta.dirname, '..')
const USAGE =
  'npm run bench -- vitest [--only app,app1024,jsdom,happy-dom,node,one,memory] [--rounds N] [--files N] [--skip forks,…] [--json FILE] [--write]'

const OPTIONS = {
  only: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  /** Smaller suites, to try the bench itself; the figures are then no verdict. */
  files: { type: 'string' },
  skip: { type: 'string', default: '' },
  json: { type: 'string' },
  write: { type: 'boolean', default: false },
} as const

function readArguments() {
  const badInput = (message: string) => new BenchError('BAD_INPUT', `${message}\n  ${USAGE}`)
  try {
    const { values, positionals } = parseArgs({ args: process.argv.slice(2), options: OPTIONS, allowPositionals: true })
    if (positionals.join() !== 'vitest')
      throw badInput('The benchmarks to run are "vitest", "sharding", "playwright", "runtimes", "coordinator" and "workflow".')
    const names = [...SUITES.map((suite) => suite.name as string), MEMORY.name]
    const only = values.only?.split(',') ?? names
    const unknown = only.find((name) => !names.includes(name))
    if (unknown !== undefined) throw badInput(`There is no suite "${unknown}".`)
    const count = (text: string) => (/^[1-9]\d*$/.test(text) ? Number(text) : undefined)
    const rounds = count(values.rounds)
    const files = values.files === undefined ? null : count(values.files)
    if (rounds === undefined || files === undefined) throw badInput('--rounds and --files take a whole number from 1.')
    if (files !== null && values.write) throw badInput('--write wants the suites at their full size, without --files.')
    return { ...values, only, rounds, files, skip: new Set(values.skip.split(',')) }
  } catch (error) {
    if (error instanceof BenchError) throw error
    throw badInput((error as Error).message)
  }
}

type Arguments = ReturnType<typeof readArguments>

async function main() {
  const options = readArguments()
  checkGenerators()
  if (process.platform !== 'linux')
    throw new BenchError('UNSUPPORTED', 'The CPU of the daemon and its hosts is read from /proc: Linux only.')
  const tarball = packEverwarm()
  const sized = <T extends { files: number }>(suite: T): T =>
    options.files === null ? suite : { ...suite, files: options.files }
  const suites = SUITES.filter((suite) => options.only.includes(suite.name)).map(sized)
  const samples: Sample[] = []
  for (const suite of suites) samples.push(...(await measureSuite(suite, prepareProject(suite, tarball), options)))
  const memory = options.only.includes(MEMORY.name) ? await measureSuiteMemory(sized({ ...MEMORY }), tarball) : null
  await report(samples, memory, options)
}

const sizedTo =
  (files: number | null) =>
  <T extends { files: number }>(suite: T): T =>
    files === null ? suite : { ...suite, files }

async function measureSuite(suite: Suite, folder: string, options: Arguments): Promise<Sample[]> {
  const runners = suite.runners.filter((runner) => !options.skip.has(runner))
  const samples: Sample[] = []
  const warmth = new Warmth({ project: folder })
  console.log(`\n${suite.title}${options.files ? ` (${suite.files} files)` : ''}`)
  try {
    // The run before the first: daemon, hosts and packs are there afterwards, Vite's and npm's files are in memory for all.
    if (runners.includes('everwarm')) await runOnce(suite, folder, 'everwarm', warmth)
    for (let round = 1; round <= options.rounds; round++)
      for (const runner of runners) {
        if (round > 1 && ONE_ROUND.has(`${suite.name}/${runner}`)) continue
        const sample = await runOnce(suite, folder, runner, warmth)
        samples.push(sample)
        console.log(
          `  round ${round}  ${runner.padEnd(14)} ${(sample.wallMs / 1000).toFixed(2)} s, CPU ${(sample.cpuMs / 1000).toFixed(2)} s`,
        )
      }
  } finally {
    warmth.end()
  }
  return samples
}

async function measureSuiteMemory(limits: { files: number }, tarball: string): Promise<MemoryResult> {
  console.log(`\nmemory: ${limits.files} files in one run`)
  const suite: Suite = { name: 'app', title: 'memory', generator: 'app.mjs', files: limits.files, runners: ['everwarm'] }
  return measureMemory(suite, prepareProject(suite, tarball), MEMORY)
}

async function report(samples: Sample[], memory: MemoryResult | null, options: Arguments) {
  const verdicts = judge(ROWS, samples)
  const tables = [
    { title: 'What it has to reach', table: verdictTable(verdicts, SUITES) },
    ...(memory ? [{ title: 'Memory', table: memoryTable(memory, MEMORY.growsAtMost) }] : []),
    { title: 'All runs, medians', table: sampleTable(samples, SUITES.map(sizedTo(options.files))) },
  ]
  for (const { title, table } of tables) if (table.length > 1) console.log(`\n${title}\n${plain(table)}`)
  const missed = verdicts.filter((verdict) => !verdict.isReached).length + Number(memory?.isReached === false)
  const judged = verdicts.length + Number(memory !== null)
  console.log(`\n${judged - missed} of ${judged} reached${options.files ? ' (not at full size: no verdict)' : ''}`)
  const machine = machineText()
  const resultPath = options.json ? resolve(process.env.INIT_CWD ?? '.', options.json) : resolve(repo, '.bench/results.json')
  mkdirSync(dirname(resultPath), { recursive: true })
  writeFileSync(
    resultPath,
    JSON.stringify({ machine, options: { ...options, skip: [...options.skip] }, verdicts, memory, samples }, null, 2),
  )
  if (options.write) writeSection(resolve(repo, 'docs/benchmarks.md'), 'vitest', page(tables, machine))
}

function machineText(): string[] {
  const folder = SUITES.map((suite) => resolve(repo, `.bench/${suite.generator.replace('.mjs', '')}-${suite.files}`)).find(
    (path) => existsSync(path),
  )
  const app = resolve(repo, '.bench/app-256')
  const versions = folder ? [`Vitest ${versionIn(folder, 'vitest')}`, `everwarm ${versionIn(folder, 'everwarm')}`] : []
  if (existsSync(app)) versions.push(`bun ${versionIn(app, 'bun')}`)
  const processors = cpus()
  return [
    `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release().split('-')[0]}`,
    [`Node ${process.versions.node}`, ...versions].join(', '),
    `Both sides with --maxWorkers=${MAX_WORKERS}, rounds interleaved, medians. CPU is user + system of every process: the command, its workers, and everwarm's daemon and hosts until they are quiet again.`,
  ]
}

function page(tables: { title: string; table: string[][] }[], machine: string[]): string {
  const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`
  const sections = tables.filter(({ table }) => table.length > 1).map(({ title, table }) => `## ${title}\n\n${markdown(table)}\n`)
  return `Written by \`${command}\`.\n\n${machine.map((line) => `- ${line}`).join('\n')}\n\n${sections.join('\n')}`
}

const [name, ...rest] = process.argv.slice(2)
const OTHERS: Record<string, () => Promise<void>> = {
  sharding: async () => (await import('./sharding.ts')).main(rest),
  playwright: async () => (await import('./playwright.ts')).benchPlaywright(rest),
  workflow: async () => (await import('./workflow.ts')).benchWorkflow(rest),
  coordinator: async () => (await import('./coordinator.ts')).benchCoordinator(rest),
  runtimes: async () => (await import('./runtimes.ts')).benchRuntimes(rest),
}
await (OTHERS[name ?? ''] ?? main)().catch((error: Error & { code?: string }) => {
  console.error(
    `${error instanceof BenchError ? error.code : 'INTERNAL'}: ${error instanceof BenchError ? error.message : error.stack}`,
  )
  process.exitCode = error instanceof BenchError && error.code === 'BAD_INPUT' ? 2 : 1
})
