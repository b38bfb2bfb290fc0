import { fileURLToPath } from 'node:url'
import { runRefusal } from './pool/playwright/refusals.ts'
import { isPartialRun, storeDurations, storedEstimates } from './reporter/playwright-timings.ts'
import { EverwarmReporter } from './reporter/playwright.ts'
import { say } from './system/log.ts'

/** The reporter that `withEverwarm` adds; by itself: `reporter: [['list'], ['everwarm/playwright-reporter']]`. */
class PlaywrightReporter extends EverwarmReporter {
  constructor() {
    // Once is enough: programs that the tests start are not to be reported.
    if (process.env.PW_TEST_REPORTER === fileURLToPath(import.meta.url)) delete process.env.PW_TEST_REPORTER
    const { env, argv, platform, versions } = process
    const isWarm = runRefusal({ nodeVersion: versions.node, platform, env }) === null
    super({
      estimates: async (run) => storedEstimates(run, env),
      record: async (config, durations) =>
        storeDurations(config, durations, { env, temperature: isWarm ? 'warm' : 'cold', isPartial: isPartialRun(argv) }),
      say,
    })
  }
}

// Playwright takes reporters by their default export.
export { PlaywrightReporter as default }
