// npm run bench -- playwright [--rounds N] [--files N] [--only failing,one,green] [--json FILE]
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { setTimeout as wait } from 'node:timers/promises'
import { type CpuAccount, openCpuAccount } from './cpu-account.ts'
import { BenchError, packEverwarm, versionIn } from './projects.ts'
import { median, plain } from './report.ts'

const repo = resolve(import.meta.dirname, '..')
const CASES = [
  { name: 'failing', title: 'files, every second one fails', atMost: 0.7, exitCode: 1 },
  { name: 'one', title: 'one test', atMost: 0.8, exitCode: 0 },
  { name: 'green', title: 'files, all green', atMost: 0.95, exitCode: 0 },
] as const
type Case = (typeof CASES)[number]
type Side = 'stock' | 'everwarm'

interface Sample {
  case: Case['name']
  side: Side
  wallMs: number
  cpuMs: number
  launches: number
}

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  /** Fewer, to try the bench itself; the figures are then no verdict. */
  files: { type: 'string', default: '40' },
  only: { type: 'string', default: CASES.map(({ name }) => name).join() },
  json: { type: 'string' },
} as const

/** @throws BenchError BAD_INPUT */
function readArguments(args: string[]) {
  const { values } = parseArgs({ args, options: OPTIONS })
  const only = values.only.split(',')
  const unknown = only.find((name) => !CASES.some((one) => one.name === name))
  const [rounds, files] = [Number(values.rounds), Number(values.files)]
  if (unknown !== undefined)
    throw new BenchError('BAD_INPUT', `There is no case "${unknown}"; there are ${OPTIONS.only.default}.`)
  if (!(Number.isInteger(rounds) && rounds > 0 && Number.isInteger(files) && files > 0))
    throw new BenchError('BAD_INPUT', '--rounds and --files take a whole number from 1.')
  return { rounds, files, only, json: values.json }
}

/** Stock and ours take turns; each round begins with the other one. */
export async function benchPlaywright(args: string[]): Promise<void> {
  const { rounds, files, only, json } = readArguments(args)
  if (process.platform !== 'linux') throw new BenchError('UNSUPPORTED', 'CPU is read from /proc and control groups: Linux only.')
  const project = prepare(files)
  const samples: Sample[] = []
  try {
    for (const one of CASES.filter(({ name }) => only.includes(name))) {
      console.log(`\n${one.name === 'one' ? '' : `${files} `}${one.title}`)
      await project.run(one, 'everwarm')
      for (let round = 0; round < rounds; round += 1)
        for (const side of round % 2 ? (['everwarm', 'stock'] as const) : (['stock', 'everwarm'] as const)) {
          const sample = await project.run(one, side)
          samples.push(sample)
          console.log(
            `  round ${round + 1}  ${side.padEnd(8)} ${seconds(sample.wallMs)} s, CPU ${seconds(sample.cpuMs)} s, ${sample.launches} launches`,
          )
        }
    }
  } finally {
    await project.close()
  }
  report(samples, project, files, json)
}

interface Project {
  folder: string
  how: string
  run(one: Case, side: Side): Promise<Sample>
  close(): Promise<void>
}

function prepare(files: number): Project {
  const folder = generate(files)
  const state = mkdtempSync('/tmp/ewb-')
  const log = join(state, 'launches')
  const executablePath = join(state, 'browser.sh')
  writeFileSync(log, '')
  writeFileSync(executablePath, `#!/bin/sh\necho >> '${log}'\nexec '${chromium()}' "$@"\n`, { mode: 0o755 })
  const launches = () => readFileSync(log, 'utf8').length
  const env = {
    ...process.env,
    EVERWARM_HOME: join(state, 'h'),
    EVERWARM_CACHE: join(state, 'c'),
    BROWSER: executablePath,
    CI: '',
  }
  const accounts: Record<Side, CpuAccount> = { stock: openCpuAccount('stock'), everwarm: openCpuAccount('everwarm') }

  return {
    folder,
    how: accounts.stock.how,
    async run(one, side) {
      const account = accounts[side]
      const before = { cpuMs: account.cpuMs(), launches: launches() }
      const cli = join(folder, 'node_modules/@playwright/test/cli.js')
      const test = one.name === 'one' ? ['t000.spec.ts'] : []
      const [command, args] = account.counted(process.execPath, [cli, 'test', '--workers=2', '--reporter=dot', ...test])
      const startedMs = performance.now()
      const done = await execute(command, args, folder, {
        ...env,
        ...(side === 'stock' ? { EVERWARM: '0' } : {}),
        ...(one.name === 'failing' ? { FAILING: '1' } : {}),
      })
      const wallMs = performance.now() - startedMs
      if (done.code !== one.exitCode)
        throw new BenchError('RUN_FAILED', `${side} ended with ${done.code}:\n${done.out.slice(-3_000)}`)
      if (/without everwarm|not used/.test(done.out)) throw new BenchError('NOT_MEASURED', done.out.slice(-3_000))
      // What clears up behind a run counts as its own.
      const cpuMs = await quiet(account)
      return { case: one.name, side, wallMs, cpuMs: cpuMs - before.cpuMs, launches: launches() - before.launches }
    },
    async close() {
      await execute(process.execPath, [join(folder, 'node_modules/everwarm/dist/cli/main.js'), 'pool', 'stop'], folder, env)
      for (const account of Object.values(accounts)) account.close()
      rmSync(state, { recursive: true, force: true })
    },
  }
}

function execute(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<{ code: number; out: string }> {
  return new Promise((done) => {
    execFile(command, args, { cwd, env, maxBuffer: 2 ** 26 }, (error, out, err) =>
      done({ code: error ? Number(error.code) : 0, out: out + err }),
    )
  })
}

async function quiet(account: CpuAccount): Promise<number> {
  let before = account.cpuMs()
  for (let i = 0; i < 20; i += 1) {
    await wait(250)
    const now = account.cpuMs()
    if (now - before < 15) return now
    before = now
  }
  return before
}

function chromium(): string {
  const given = process.env.EVERWARM_CHROMIUM ?? '/usr/bin/chromium'
  if (existsSync(given)) return given
  throw new BenchError('BROWSER_MISSING', `There is no ${given}: run scripts/setup-browser.sh, or set EVERWARM_CHROMIUM.`)
}

/** A project as users have it, with the packed everwarm; each file has two tests of a small page. */
function generate(files: number): string {
  const folder = join(repo, '.bench', `playwright-${files}`)
  const tarball = packEverwarm()
  const stamp = join(folder, '.installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === tarball) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'tests'), { recursive: true })
  const { version } = JSON.parse(readFileSync(join(repo, 'node_modules/@playwright/test/package.json'), 'utf8'))
  const dependencies = { '@playwright/test': version, everwarm: `file:${tarball}` }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  writeFileSync(join(folder, 'playwright.config.ts'), CONFIG)
  for (let i = 0; i < files; i += 1) writeFileSync(join(folder, `tests/t${String(i).padStart(3, '0')}.spec.ts`), specOf(i))
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: folder, stdio: 'ignore' })
  writeFileSync(stamp, tarball)
  return folder
}

const CONFIG = `import { defineConfig } from '@playwright/test'
import { withEverwarm } from 'everwarm/playwright'

export default withEverwarm(
  defineConfig({ testDir: './tests', use: { launchOptions: { executablePath: process.env.BROWSER } } }),
)
`

const specOf = (i: number) => `import { expect, test } from '@playwright/test'

const page${i} = \`<ul>\${Array.from({ length: 50 }, (_, i) => \`<li>item \${i}</li>\`).join('')}</ul><button>more</button>
  <script>document.querySelector('button').onclick = () => document.querySelector('ul').append(document.createElement('li'))</script>\`

test('a list is shown', async ({ page }) => {
  await page.setContent(page${i})
  await expect(page.getByRole('listitem')).toHaveCount(50)
})
test('a list grows', async ({ page }) => {
  await page.setContent(page${i})
  await page.getByRole('button').click()
  await expect(page.getByRole('listitem')).toHaveCount(${i % 2 ? 'process.env.FAILING ? 52 : 51, { timeout: process.env.FAILING ? 100 : 5_000 }' : '51'})
})
`

const seconds = (ms: number) => (ms / 1_000).toFixed(2)

function report(samples: Sample[], project: Project, files: number, json: string | undefined): void {
  const of = (name: Case['name'], side: Side, what: 'wallMs' | 'cpuMs' | 'launches') => {
    const values = samples.filter((sample) => sample.case === name && sample.side === side).map((sample) => sample[what])
    return values.length === 0 ? undefined : what === 'launches' ? Math.max(...values) : median(values)
  }
  const rows = CASES.flatMap(({ name, title, atMost }) => {
    const [ours, theirs] = [of(name, 'everwarm', 'wallMs'), of(name, 'stock', 'wallMs')]
    if (ours === undefined || theirs === undefined) return []
    const [cpu, stockCpu] = [of(name, 'everwarm', 'cpuMs')!, of(name, 'stock', 'cpuMs')!]
    const launches = of(name, 'everwarm', 'launches')!
    const isReached = ours / theirs <= atMost && launches === 0
    const figures = [seconds(ours), seconds(theirs), (ours / theirs).toFixed(3), String(atMost), (cpu / stockCpu).toFixed(3)]
    return [
      [
        name === 'one' ? title : `${files} ${title}`,
        ...figures,
        `${launches} / ${of(name, 'stock', 'launches')}`,
        isReached ? 'reached' : 'MISSED',
      ],
    ]
  })
  const head = ['case', 'ours s', 'stock s', 'ratio', 'at most', 'CPU ratio', 'launches', '']
  console.log(`\n${plain([head, ...rows])}\n`)
  console.log(
    `Playwright ${versionIn(project.folder, '@playwright/test')}, 2 workers, ${cpus().length} CPUs, medians; ${project.how}.`,
  )
  if (files !== 40) console.log('Not at full size: no verdict.')
  const path = json ? resolve(process.env.INIT_CWD ?? '.', json) : resolve(repo, '.bench/playwright.json')
  writeFileSync(path, JSON.stringify({ files, rows: [head, ...rows], samples }, null, 2))
}
