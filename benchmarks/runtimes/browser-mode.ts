import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { measure, quietCpuMs } from '../measure.ts'
import { Warmth } from '../pool.ts'
import { BenchError, packEverwarm, versionIn } from '../projects.ts'
import { median } from '../report.ts'
import { type Figure, ms } from './figure.ts'

const repo = resolve(import.meta.dirname, '../..')
const FILES = 30

/** Thirty files of browser mode with Vitest's Playwright provider, and one of them: as it is, and with warm browsers. */
export async function benchBrowserMode(rounds: number): Promise<Figure[]> {
  const cwd = prepare()
  const warmth = new Warmth({ env: { BROWSER: process.env['EVERWARM_CHROMIUM'] ?? '/usr/bin/chromium' } })
  const run = async (side: 'stock' | 'ours', files: string[]) => {
    const before = side === 'ours' ? await quietCpuMs((await warmth.status())?.daemon.pid ?? 0) : 0
    const args = ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=2', ...files]
    const { exitCode, wallMs, cpuMs, output } = await measure(process.execPath, args, {
      cwd,
      env: { ...warmth.env, ...(side === 'stock' ? { EVERWARM: '0' } : {}) },
    })
    if (exitCode !== 0 || /without everwarm|not used/.test(output))
      throw new BenchError('RUN_FAILED', `${side} ended with ${exitCode}:\n${output.slice(-2_000)}`)
    return { wallMs, cpuMs: cpuMs + (side === 'ours' ? (await quietCpuMs((await warmth.status())!.daemon.pid)) - before : 0) }
  }
  try {
    const figures: Figure[] = []
    for (const [title, files, atMost] of [
      [`${FILES} files of browser mode, wall`, [], 0.8],
      ['one file of browser mode, wall', ['f01.test.ts'], null],
    ] as const) {
      for (const side of ['stock', 'ours'] as const) await run(side, [...files])
      const samples = { stock: [] as Awaited<ReturnType<typeof run>>[], ours: [] as Awaited<ReturnType<typeof run>>[] }
      for (let round = 0; round < rounds; round += 1)
        for (const side of round % 2 ? (['ours', 'stock'] as const) : (['stock', 'ours'] as const)) {
          const sample = await run(side, [...files])
          samples[side].push(sample)
          console.log(`  ${title} ${round + 1}  ${side.padEnd(5)} ${ms(sample.wallMs)}, CPU ${ms(sample.cpuMs)}`)
        }
      const of = (side: 'stock' | 'ours') => median(samples[side].map(({ wallMs }) => wallMs))
      figures.push({
        title,
        ours: ms(of('ours')),
        against: `stock provider ${ms(of('stock'))}`,
        value: of('ours') / of('stock'),
        unit: 'ratio',
        atMost,
      })
    }
    return figures
  } finally {
    warmth.end()
  }
}

function prepare(): string {
  const folder = join(repo, '.bench', 'browser-mode')
  const tarball = packEverwarm()
  const stamp = join(folder, '.installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === tarball) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const version = (name: string) => versionIn(repo, name)
  const dependencies = {
    '@vitest/browser-playwright': version('@vitest/browser-playwright'),
    everwarm: `file:${tarball}`,
    playwright: version('playwright'),
    vite: version('vite'),
    vitest: version('vitest'),
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  writeFileSync(join(folder, 'vitest.config.ts'), CONFIG)
  for (let i = 0; i < FILES; i += 1) writeFileSync(join(folder, `f${String(i).padStart(2, '0')}.test.ts`), testOf(i))
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: folder, stdio: 'ignore' })
  writeFileSync(stamp, tarball)
  return folder
}

const CONFIG = `import { playwright } from '@vitest/browser-playwright'
import { everwarm } from 'everwarm/vitest'
import { defineConfig } from 'vitest/config'

const provider = playwright({ launchOptions: { executablePath: process.env.BROWSER, args: ['--no-sandbox'] } })
export default defineConfig({
  plugins: [everwarm()],
  test: { browser: { enabled: true, headless: true, provider, instances: [{ browser: 'chromium' }] } },
})
`

const testOf = (i: number) => `import { expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'

test('a button is clicked', async () => {
  document.body.innerHTML = '<button>go</button><output></output>'
  const [button, output] = document.body.children as unknown as HTMLElement[]
  button!.onclick = () => (output!.textContent = 'done ${i}')
  await userEvent.click(button!)
  await expect.element(page.getByText('done ${i}')).toBeInTheDocument()
})
test('there is a window', () => expect(window.innerWidth).toBeGreaterThan(0))
`
