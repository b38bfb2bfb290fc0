import { lifeOf } from '../../system/process-mark.ts'
import type { ToolkitGiven } from '../command.ts'
import type { HeldServices } from './held-services.ts'
import type { KeepRequest } from './keeper-wire.ts'

/** How often it looks whether its owner lives. */
const LOOK_MS = 2_000
/** Without a question for so long nobody wants the services any more; `EVERWARM_SERVICES_IDLE_MS`. */
const IDLE_MS = 6 * 3_600_000

/** Ends them when their owner is gone, or nobody has asked for long. */
export function watchForEnd(owner: KeepRequest['owner'], held: HeldServices, { env }: ToolkitGiven): () => void {
  const idleMs = Number(env['EVERWARM_SERVICES_IDLE_MS']) || IDLE_MS
  let isEnding = false
  const end = (why: string) => {
    if (isEnding) return
    isEnding = true
    held.cancel(why)
  }
  const timer = setInterval(
    () => {
      if (owner && lifeOf(owner) === 'dead') end('the process for which they were is gone')
      else if (Date.now() - held.lastAskedMs > idleMs) end('nobody has asked for them')
    },
    Math.min(LOOK_MS, idleMs),
  )
  return () => clearInterval(timer)
}
