// The daemon's program: started by `launch.ts`, never by hand.
import { enableCompileCache, flushCompileCache } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { apiDriver } from '../../environments/api/driver.ts'
import { chromiumDriver } from '../../environments/browsers/chromium.ts'
import { lendingDriver } from '../../environments/browsers/lending/driver.ts'
import { driverFor } from '../../environments/drivers.ts'
import { residentDriver } from '../../environments/vitest/resident.ts'
import { nodeDriver } from '../../environments/vms/node.ts'
import { wasmDriver } from '../../environments/vms/wasm.ts'
import { childDriver } from '../../environments/vms/vitest-child.ts'
import { runtimeDriver } from '../../environments/vms/runtime.ts'
import { systemClock } from '../../system/clock.ts'
import { fileLog } from '../../system/log.ts'
import { readSettings } from '../../system/settings.ts'
import { thisMachine } from '../../system/machine.ts'
import { limitsFor } from '../limits.ts'
import { DEFAULT_POLICY } from '../recycle.ts'
import { daemonAddress, prepareAddress } from './address.ts'
import { claimAddress } from './claim.ts'
import { startDaemon } from './daemon.ts'
import { packageVersion } from './version.ts'

const DEFAULT_IDLE_MS = 15 * 60_000
/** How long a daemon that was asked to end by a signal waits for the runs in progress. */
const PATIENCE_MS = 30_000

const env = process.env
const settings = readSettings(env)
const address = daemonAddress(env)
prepareAddress(address)
enableCompileCache(join(address.home, 'compile-cache'))
const log = fileLog(join(address.home, 'daemon.log'))
// A probe that hangs up before the daemon is ready must not count as an uncaught error.
const listener = createServer((socket) => socket.on('error', () => {}))
const claim = await claimAddress(address, listener)
// Exit code 0: somebody else was faster, which is as good.
if (!claim) process.exit(0)

const driver = driverFor({
  node: nodeDriver({ entry: settings.hostEntry, startTimeoutMs: settings.hostStartMs }),
  chromium: chromiumDriver({ startTimeoutMs: settings.hostStartMs }),
  vitest: residentDriver({ startTimeoutMs: settings.hostStartMs }),
  wasm: wasmDriver({ startTimeoutMs: settings.hostStartMs }),
  'vitest-child': childDriver({ startTimeoutMs: settings.hostStartMs }),
  runtime: runtimeDriver({ startTimeoutMs: settings.hostStartMs }),
  api: apiDriver({ startTimeoutMs: settings.hostStartMs }),
  browser: lendingDriver({ startTimeoutMs: settings.hostStartMs }),
})

const daemon = startDaemon({
  address,
  claim,
  listener,
  version: env.EVERWARM_VERSION_FOR_TESTS ?? packageVersion(),
  driver,
  clock: systemClock,
  policy: { ...DEFAULT_POLICY, maxLeases: settings.maxLeases ?? DEFAULT_POLICY.maxLeases },
  limits: limitsFor(thisMachine(), settings.maxHosts, settings.maxBrowsers),
  spares: settings.spares ?? 2,
  idleMs: settings.idleMs ?? DEFAULT_IDLE_MS,
  log,
  lastWrites: flushCompileCache,
  onEnd: () => process.exit(),
})
log.write(`daemon ${process.pid} serves ${address.socket}`)

// It is written at the exit otherwise, which a SIGKILL skips.
systemClock.after(2_000, flushCompileCache)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void daemon.end(PATIENCE_MS))
// Its terminal is gone; that is no reason to end.
process.on('SIGHUP', () => {})
process.on('unhandledRejection', (reason) => log.error('unhandled rejection', reason))
process.on('uncaughtException', (error) => {
  log.error('uncaught exception', error)
  process.exitCode = 1
  void failAndEnd()
})

/** What it knows may be wrong from here on; the reaper sees to the hosts if it cannot end them any more. */
async function failAndEnd(): Promise<void> {
  setTimeout(() => process.exit(1), 2_000).unref()
  await daemon.end(0)
}
