import { fileURLToPath } from 'node:url'
import { EverwarmReporter } from './reporter/playwright.ts'
import { say } from './system/log.ts'

/**
 * The reporter that `withEverwarm` adds; by itself: `reporter: [['list'], ['everwarm/playwright-reporter']]`.
 * Until the timing store is wired in here nothing is known, and nothing kept.
 */
class PlaywrightReporter extends EverwarmReporter {
  constructor() {
    // Once is enough: programs that the tests start are not to be reported.
    if (process.env.PW_TEST_REPORTER === fileURLToPath(import.meta.url)) delete process.env.PW_TEST_REPORTER
    super({ estimates: async () => ({ durationMs: () => undefined }), record: async () => {}, say })
  }
}

// Playwright takes reporters by their default export.
export { PlaywrightReporter as default }
