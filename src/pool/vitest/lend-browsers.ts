import { whenRunning } from '../../environments/vitest/announce.ts'
import { onceEach, say } from '../../system/log.ts'
import { installDoor } from '../playwright/door.ts'
import { daemonLender } from '../playwright/lender.ts'
import { runRefusal } from '../playwright/refusals.ts'
import { notice } from './notice.ts'

/** For the plugin: of a refusal the pool says the same already. */
export function lendToBrowserMode(): void {
  if (refusal() === null) install()
}

/** For a provider of everwarm's own, which may stand in a configuration without the plugin. */
export function lendToPlaywrightProvider(): void {
  const why = refusal()
  if (why === null) install()
  else if (why !== 'silent') notice(process.stderr, why)
}

const refusal = () => runRefusal({ nodeVersion: process.versions.node, platform: process.platform, env: process.env })

/** What Playwright launches in this process is lent, by the same door as in its own workers. */
function install(): void {
  if (isInstalled) return
  isInstalled = true
  const lender = daemonLender(`vitest ${process.cwd()}`)
  whenRunning(
    () => lender.warmLast(),
    () => {},
  )
  installDoor(lender, onceEach(say))
}

let isInstalled = false
