import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { countedBrowser } from '../playwright/browsers.ts'
import { realProject, type RealProject } from '../support/real-run.ts'
import { BROWSER_FILES } from './browser-files.ts'

const REPOSITORY = new URL('../..', import.meta.url).pathname

let project: RealProject
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ew-bm-'))
})
afterEach(() => {
  project.remove()
  rmSync(folder, { recursive: true })
})

test(
  'browser mode with the Playwright provider runs in a warm browser, with the verdicts of stock',
  { timeout: 120_000 },
  async () => {
    const { executablePath, launches } = countedBrowser(folder)
    project = realProject({
      ...BROWSER_FILES,
      'vitest.config.ts': `
      import { playwright } from '@vitest/browser-playwright'
      import { everwarm } from '${REPOSITORY}src/vitest.ts'
      export default {
        // Not that of this checkout: two Vitests that optimize dependencies into one folder at once lose pages.
        cacheDir: '.vite',
        plugins: [everwarm()],
        test: {
          include: ['*.test.ts'],
          browser: {
            enabled: true, headless: true, screenshotFailures: false, instances: [{ browser: 'chromium' }],
            provider: playwright({ launchOptions: { executablePath: ${JSON.stringify(executablePath)}, args: ['--no-sandbox'] } }),
          },
        },
      }`,
    })
    const stock = await project.run({ env: { EVERWARM: '0' } })
    expect(Object.values(stock.states).sort()).toEqual(['failed', 'passed', 'passed'])
    const stockLaunches = launches()
    expect(stockLaunches).toBeGreaterThan(0)
    const first = await project.run()
    expect(launches()).toBe(stockLaunches + 1)
    const second = await project.run()
    expect(launches()).toBe(stockLaunches + 1)
    expect([first.states, second.states]).toEqual([stock.states, stock.states])
    expect([first.code, second.code]).toEqual([1, 1])
    expect(second.stderr).not.toContain('everwarm:')
  },
)
