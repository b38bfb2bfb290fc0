// npm run quickstart: a small project's tests, as they are and with everwarm, side by side.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { measure, quietCpuMs } from '../benchmarks/measure.ts'
import { plain } from '../benchmarks/report.ts'

const repo = resolve(import.meta.dirname, '..')
const shop = join(repo, 'fixtures/shop')
const work = mkdtempSync(join(tmpdir(), 'ewq-'))
const env: NodeJS.ProcessEnv = { ...process.env, EVERWARM_HOME: join(work, 'h'), EVERWARM_CACHE: join(work, 'c') }
const cli = join(repo, 'dist/cli/main.js')

interface Run {
  wallMs: number
  cpuMs: number
  /** "file > test: status", sorted: what is compared. */
  verdicts: string[]
  failed: number
}

interface JsonReport {
  numFailedTests: number
  testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[]
}

async function runTests(title: string, more: NodeJS.ProcessEnv, isWarm: boolean): Promise<Run> {
  process.stdout.write(`  ${title} … `)
  const out = join(work, 'report.json')
  rmSync(out, { force: true })
  const before = isWarm ? await poolCpuMs() : 0
  const args = [join(repo, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=json', `--outputFile=${out}`]
  const { wallMs, cpuMs, output } = await measure(process.execPath, args, { cwd: shop, env: { ...env, ...more } })
  // What the daemon and its hosts did for this run, and after it, is part of its price.
  const after = more.EVERWARM === '0' ? 0 : await poolCpuMs()
  let report: JsonReport
  try {
    report = JSON.parse(readFileSync(out, 'utf8')) as JsonReport
  } catch {
    throw new Error(`The run did not come to an end:\n${output}`)
  }
  const notUsed = /everwarm.*not used.*/.exec(output)
  console.log(`${(wallMs / 1000).toFixed(2)} s${notUsed ? `  (${notUsed[0]})` : ''}`)
  const verdicts = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => `${name} > ${test.fullName}: ${test.status}`),
  )
  return { wallMs, cpuMs: cpuMs + after - before, verdicts: verdicts.toSorted(), failed: report.numFailedTests }
}

/** CPU of the daemon and its hosts since their start; 0 where the system has no /proc. */
async function poolCpuMs(): Promise<number> {
  if (process.platform !== 'linux') return 0
  const status = JSON.parse(execFileSync(process.execPath, [cli, 'pool', 'status', '--json'], { env, encoding: 'utf8' }))
  return status.daemon ? quietCpuMs(status.daemon.pid) : 0
}

const differing = (a: string[], b: string[]) =>
  a.filter((one) => !b.includes(one)).length + b.filter((one) => !a.includes(one)).length

async function main() {
  console.log('A project of 35 test files (TypeScript, zod, date-fns, lodash, React in jsdom and happy-dom): fixtures/shop\n')
  const stock = await runTests('Vitest as it is (forks)', { EVERWARM: '0' }, false)
  const cold = await runTests('with everwarm, the first time', { EVERWARM: undefined }, false)
  const warm = await runTests('with everwarm, from then on', { EVERWARM: undefined }, true)
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
  const times = (factor: number) => `${factor.toFixed(1)} ×`
  const line = (name: string, run: Run) => [
    name,
    seconds(run.wallMs),
    times(stock.wallMs / run.wallMs),
    seconds(run.cpuMs),
    times(stock.cpuMs / run.cpuMs),
  ]
  const table = [
    ['', 'time', 'faster', 'CPU', 'less'],
    line('Vitest (forks)', stock),
    line('everwarm, cold', cold),
    line('everwarm, warm', warm),
  ]
  console.log(`\n${plain(table)}\n`)
  const differ = Math.max(...[cold, warm].map((run) => differing(stock.verdicts, run.verdicts)))
  console.log(
    `Verdicts: ${stock.verdicts.length} tests, ${stock.failed} failed, ${differ === 0 ? 'the same in all three runs' : `${differ} DIFFER`}.`,
  )
  if (process.platform === 'linux') console.log('CPU: all processes, everwarm’s daemon and hosts included.')
  console.log('\nIn your own project:   npm i -D everwarm   and in vitest.config   plugins: [everwarm()]   from everwarm/vitest.')
  if (differ > 0 || stock.failed > 0) process.exitCode = 1
}

try {
  await main()
} finally {
  try {
    execFileSync(process.execPath, [cli, 'pool', 'stop'], { env, stdio: 'ignore', timeout: 15_000 })
  } catch {
    // No daemon was started.
  }
  rmSync(work, { recursive: true, force: true })
}
