// npm run diff -- DIR [--pool P] [--rounds N] [--stock-rounds N] [--no-judge] [--strict] [--json FILE] [-- vitest arguments]
// Runs a Vitest project under a stock pool (forks) and under everwarm in its place and compares the verdicts.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { compareRuns, type Comparison, type Difference } from './diff/compare.ts'
import type { RunRecord } from './diff/record.ts'

const repo = resolve(import.meta.dirname, '..')
const POOLS = ['forks', 'vmThreads', 'vmForks']
const USAGE =
  'npm run diff -- DIR [--pool forks|vmThreads|vmForks] [--rounds N] [--stock-rounds N] [--no-judge] [--strict] [--json FILE] [-- vitest arguments]'

function refuse(message: string, hint: string): never {
  console.error(`BAD_INPUT: ${message}\n  ${hint}`)
  process.exit(2)
}

function readArguments() {
  const all = process.argv.slice(2)
  const split = all.indexOf('--')
  const [own, vitestArgs] = split === -1 ? [all, []] : [all.slice(0, split), all.slice(split + 1)]
  const options = {
    rounds: { type: 'string', default: '2' },
    'stock-rounds': { type: 'string', default: '1' },
    'no-judge': { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    json: { type: 'string' },
    pool: { type: 'string', default: 'forks' },
  } as const
  try {
    const { values, positionals } = parseArgs({ args: own, options, allowPositionals: true })
    const rounds = Number(values.rounds)
    const stockRounds = Number(values['stock-rounds'])
    if (positionals.length !== 1) refuse('One folder is needed.', USAGE)
    if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(stockRounds) || stockRounds < 1)
      refuse('--rounds and --stock-rounds take a whole number from 1.', USAGE)
    if (!POOLS.includes(values.pool)) refuse(`--pool takes one of ${POOLS.join(', ')}.`, USAGE)
    return { dir: resolve(process.env.INIT_CWD ?? '.', positionals[0]!), rounds, stockRounds, vitestArgs, values }
  } catch (error) {
    return refuse((error as Error).message, USAGE)
  }
}

function checkProject(dir: string) {
  if (!existsSync(dir) || !statSync(dir).isDirectory()) refuse(`There is no folder ${dir}.`, USAGE)
  try {
    createRequire(join(dir, 'package.json')).resolve('vitest/node')
  } catch {
    refuse(`No Vitest is installed for ${dir}.`, 'Install the project first: npm ci.')
  }
  if (!existsSync(join(repo, 'dist/vitest.js'))) refuse('everwarm is not built.', 'npm run build')
}

interface Side {
  title: string
  dir: string
  vitestArgs: string[]
  env: Record<string, string>
}

/** Ended with us: an interrupted comparison leaves no run and no daemon behind. */
let running: ChildProcess | undefined

/** One run; its output is shown only when it did not come to an end. */
async function runSide(side: Side, work: string): Promise<RunRecord> {
  const out = join(work, 'record.json')
  rmSync(out, { force: true })
  // The fixtures leave sockets and files there on purpose, for the next run to meet.
  const temporary = join(work, 't')
  mkdirSync(temporary, { recursive: true })
  const started = performance.now()
  process.stdout.write(`${side.title} … `)
  const output = await new Promise<string>((done, fail) => {
    const runner = join(repo, 'scripts/diff/run-side.ts')
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', runner, out, ...side.vitestArgs], {
      cwd: side.dir,
      // CI: a missing snapshot is not written but fails, on both sides alike.
      env: { ...process.env, CI: '1', NO_COLOR: '1', TMPDIR: temporary, ...side.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running = child
    let text = ''
    child.stdout.on('data', (chunk) => (text += chunk))
    child.stderr.on('data', (chunk) => (text += chunk))
    child.on('error', fail).on('close', () => done(text))
  })
  if (!existsSync(out)) {
    console.log('did not come to an end')
    throw new Error(output.split('\n').slice(-40).join('\n'))
  }
  const record = JSON.parse(readFileSync(out, 'utf8')) as RunRecord
  record.notices = output.split('\n').filter((line) => /everwarm/i.test(line) && !/^\s*(at|❯)\s/.test(line))
  const failed = record.tests.filter((test) => test.status === 'failed').length
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${record.tests.length} tests, ${failed} failed, exit code ${record.exitCode}, ${seconds} s`)
  return record
}

function show(title: string, differences: Difference[], limit: number) {
  if (differences.length === 0) return
  console.log(`\n${title}`)
  for (const { kind, where, stock, everwarm, errors } of differences.slice(0, limit)) {
    console.log(`  ${kind}: ${where}\n      stock     ${oneLine(stock)}\n      everwarm  ${oneLine(everwarm)}`)
    for (const error of errors) console.log(`      ${oneLine(error)}`)
  }
  if (differences.length > limit) console.log(`  … and ${differences.length - limit} more`)
}

const oneLine = (text: string) => text.replaceAll(/\s*\n\s*/g, ' ⏎ ').slice(0, 300)

async function main() {
  const { dir, rounds, stockRounds, vitestArgs, values } = readArguments()
  checkProject(dir)
  const work = mkdtempSync(join(tmpdir(), 'ewd-'))
  // A daemon and caches of its own, unless told otherwise: the first round is cold, the others are warm.
  const own = {
    EVERWARM_HOME: process.env.EVERWARM_HOME ?? join(work, 'h'),
    EVERWARM_CACHE: process.env.EVERWARM_CACHE ?? join(work, 'c'),
  }
  const plugin = pathToFileURL(join(repo, 'dist/vitest.js')).href
  const judge: Record<string, string> = values['no-judge'] ? { EVERWARM_JUDGE: '0' } : {}
  const pool = { EVERWARM_DIFF_POOL: values.pool }
  const comparisons: Comparison[] = []
  const leave = () => {
    running?.kill()
    stopDaemon(own)
    rmSync(work, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => (leave(), process.exit(130)))
  try {
    const stock: RunRecord[] = []
    for (let i = 0; i < stockRounds; i++)
      stock.push(await runSide({ title: `stock ${values.pool}`, dir, vitestArgs, env: { ...pool, EVERWARM: '0' } }, work))
    for (let i = 0; i < rounds; i++) {
      const env = { ...own, ...judge, ...pool, EVERWARM: '1', EVERWARM_DIFF_PLUGIN: plugin }
      const ours = await runSide({ title: `everwarm, ${i === 0 ? 'cold' : 'warm'}`, dir, vitestArgs, env }, work)
      for (const notice of new Set(ours.notices)) console.log(`  ${notice.trim()}`)
      const comparison = compareRuns(stock, ours)
      comparisons.push(comparison)
      show(`Differences in round ${i + 1}:`, comparison.differences, 100)
      if (values.strict || i === 0) show('Same status, another message:', comparison.notes, values.strict ? 100 : 10)
    }
  } finally {
    leave()
  }
  report(comparisons, values)
}

function report(comparisons: Comparison[], values: { pool: string; strict: boolean; json?: string }) {
  if (values.json) writeFileSync(resolve(process.env.INIT_CWD ?? '.', values.json), JSON.stringify(comparisons, null, 2))
  const tests = Math.max(...comparisons.map((comparison) => comparison.tests))
  const differing = new Set(
    comparisons.flatMap(({ differences, notes }) =>
      [...differences, ...(values.strict ? notes : [])].map(({ kind, where }) => `${kind} ${where}`),
    ),
  )
  const unstable = new Set(comparisons.flatMap((comparison) => comparison.unstable))
  if (unstable.size > 0) console.log(`\n${unstable.size} unstable under stock ${values.pool}:\n  ${[...unstable].join('\n  ')}`)
  console.log(`\n${tests} tests, ${differing.size} differ`)
  if (tests === 0) refuse('No test was found.', USAGE)
  process.exitCode = differing.size > 0 ? 1 : 0
}

function stopDaemon(env: Record<string, string>) {
  if (process.env.EVERWARM_HOME) return
  try {
    execFileSync(process.execPath, [join(repo, 'dist/cli/main.js'), 'pool', 'stop'], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
      timeout: 10_000,
    })
  } catch {
    // No daemon was started, or it is gone already: nothing to stop.
  }
}

await main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 2
})
