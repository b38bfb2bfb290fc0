import type { PlaywrightTestConfig } from '@playwright/test'
import { installDoor } from './pool/playwright/door.ts'
import { daemonLender } from './pool/playwright/lender.ts'
import { runRefusal, willRunTests } from './pool/playwright/refusals.ts'
import { say } from './system/log.ts'

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
    return config
  }
  const lender = daemonLender(`playwright ${process.cwd()}`)
  if (isWorker) lender.begin()
  else if (willRunTests(process.argv)) lender.warmLast()
  installDoor(
    lender,
    once((line) => isSpeaker && say(line)),
  )
  return config
}

function once(tell: (line: string) => void): (line: string) => void {
  const said = new Set<string>()
  return (line) => {
    if (said.has(line)) return
    said.add(line)
    tell(line)
  }
}
