import { EverwarmError } from '../../contracts/errors.ts'
import type { Clock, Timer } from '../../system/clock.ts'
import type { ProcessEnd, ServiceRequest, SiteService } from '../executor.ts'
import type { LocalProcess } from './command.ts'
import { LOOPBACK } from './free-port.ts'
import { tryProbe } from './probe.ts'

export interface ServiceOptions {
  request: ServiceRequest
  /** Declared → given. */
  ports: Readonly<Record<number, number>>
  clock: Clock
  /** In the folder and with the variables of the service. */
  start(argv: readonly string[] | undefined, hear: ServiceRequest['hear']): Promise<LocalProcess>
  /** After all of it has ended. */
  onClosed(): Promise<void>
}

/** Time for its own end, ms. */
const GRACE_MS = 2_000
/** Before it is started again: twice as long each time. */
const FIRST_BACKOFF_MS = 500
const MOST_BACKOFF_MS = 60_000

/** Begins its first process, and later ones. @throws EverwarmError SERVICE_FAILED */
export async function openService(options: ServiceOptions): Promise<SiteService> {
  const { request, ports, clock, start, onClosed } = options
  const ended = Promise.withResolvers<ProcessEnd>()
  const faults: string[] = []
  let restarts = 0
  let closing: Promise<void> | undefined
  let backoff: { timer: Timer; goOn: () => void } | undefined
  const begin = () => start(request.argv, request.hear)
  let process: LocalProcess | undefined = await begin().catch((cause: EverwarmError) => {
    throw notStarted(request.name, cause)
  })

  async function watch(): Promise<ProcessEnd> {
    for (;;) {
      const end = await process!.ended
      if (closing) return end
      // As a container would: nothing of it outlives its main process.
      await process!.stop(0)
      process = undefined
      if (end.exitCode !== 0) faults.push(end.signal ? `ended by ${end.signal}` : `ended with exit code ${end.exitCode}`)
      if (end.exitCode === 0 || request.restartPolicy === 'Never') return end
      await pause(Math.min(FIRST_BACKOFF_MS * 2 ** restarts, MOST_BACKOFF_MS))
      if (closing) return end
      restarts += 1
      const next = await begin().catch((error: EverwarmError) => void faults.push(error.message))
      if (!next) return { reason: faults.at(-1)! }
      process = next
      if (closing) await next.stop(0)
    }
  }
  async function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    backoff = { timer: clock.after(ms, resolve), goOn: resolve }
    await promise
    backoff = undefined
  }
  watch().then(ended.resolve, ended.reject)

  async function close(): Promise<void> {
    backoff?.timer.cancel()
    backoff?.goOn()
    await process?.stop(GRACE_MS)
    await onClosed()
  }
  const succeeds = async (argv: readonly string[], timeoutMs: number) => {
    const probing = await start(argv, () => {}).catch(() => undefined)
    if (!probing) return false
    const timer = clock.after(timeoutMs, () => void probing.stop(0))
    const { exitCode } = await probing.ended
    timer.cancel()
    return exitCode === 0
  }
  return {
    address: LOOPBACK,
    ports,
    ended: ended.promise,
    tryProbe: async (timeoutMs) => process !== undefined && !closing && tryProbe(request.probe, { ports, succeeds }, timeoutMs),
    health: async () => ({ faults: [...new Set(faults)], restarts }),
    close: () => (closing ??= Promise.resolve().then(close)),
  }
}

const notStarted = (name: string, cause: EverwarmError) =>
  new EverwarmError('SERVICE_FAILED', {
    message: `The service "${name}" did not start: ${cause.message}`,
    hint: cause.hint,
    cause,
  })
