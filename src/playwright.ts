import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PlaywrightTestConfig } from '@playwright/test'
import { installDoor } from './pool/playwright/door.ts'
import { daemonLender } from './pool/playwright/lender.ts'
import { runRefusal, willRunTests } from './pool/playwright/refusals.ts'
import { type ReporterSetting, withReporter } from './reporter/add-reporter.ts'
import { say } from './system/log.ts'
import { readSettings, settingsFault } from './system/settings.ts'

/**
 * Lets tests run in warm browsers: `export default withEverwarm(defineConfig({ … }))`.
 * Where it cannot, Playwright goes on as without it, and one line on stderr says why.
 */
export function withEverwarm<Config extends PlaywrightTestConfig<any, any>>(config: Config): Config {
  const isWorker = process.env.TEST_WORKER_INDEX !== undefined
  const refusal = runRefusal({ nodeVersion: process.versions.node, platform: process.platform, env: process.env })
  // Only the first worker speaks, or every worker would say the same.
  const isSpeaker = !isWorker || process.env.TEST_WORKER_INDEX === '0'
  if (refusal !== null) {
    if (refusal !== 'silent' && !isWorker) say(refusal)
    return isOff() ? config : reported(config, isWorker)
  }
  const lender = daemonLender(`playwright ${process.cwd()}`)
  if (isWorker) lender.begin()
  else if (willRunTests(process.argv)) lender.warmLast()
  installDoor(
    lender,
    once((line) => isSpeaker && say(line)),
  )
  return reported(config, isWorker)
}

/** Shards and timings need no daemon, so that they stay where browsers cannot be lent. */
function reported<Config extends PlaywrightTestConfig<any, any>>(config: Config, isWorker: boolean): Config {
  // Workers have no reporters.
  if (isWorker) return config
  const reporter = withReporter(config.reporter as ReporterSetting, {
    path: fileURLToPath(new URL(`./playwright-reporter${extname(import.meta.url)}`, import.meta.url)),
    argv: process.argv,
    env: process.env,
  })
  return { ...config, reporter }
}

const isOff = () => settingsFault(process.env) !== undefined || readSettings(process.env).isOn === false

function once(tell: (line: string) => void): (line: string) => void {
  const said = new Set<string>()
  return (line) => {
    if (said.has(line)) return
    said.add(line)
    tell(line)
  }
}
