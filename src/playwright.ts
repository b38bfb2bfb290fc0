import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PlaywrightTestConfig } from '@playwright/test'
import { installDoor } from './pool/playwright/door.ts'
import { daemonLender, type Lender } from './pool/playwright/lender.ts'
import { runRefusal, willLease } from './pool/playwright/refusals.ts'
import { type ReporterSetting, withReporter } from './reporter/add-reporter.ts'
import { onceEach, say } from './system/log.ts'
import { cacheFolder, readSettings, settingsFault } from './system/settings.ts'

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
  lender ??= daemonLender(`playwright ${process.cwd()}`)
  if (isWorker) lender.begin()
  else if (willLease(process.argv)) lender.warmLast()
  if (!isWorker) shareCompiledCode(process.env)
  installDoor(
    lender,
    onceEach((line) => isSpeaker && say(line)),
  )
  return reported(config, isWorker)
}

/** One for the process: UI mode loads the configuration again for each run. */
let lender: Lender | undefined

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

/** Each worker loads the same seven megabytes of Playwright: compiled once, for all of them and all runs. */
function shareCompiledCode(env: NodeJS.ProcessEnv): void {
  // Coverage by V8 counts less exactly in functions that come from a cache.
  if (env.NODE_V8_COVERAGE || env.NODE_DISABLE_COMPILE_CACHE) return
  env.NODE_COMPILE_CACHE ??= join(cacheFolder(env), 'playwright')
}

const isOff = () => settingsFault(process.env) !== undefined || readSettings(process.env).isOn === false
