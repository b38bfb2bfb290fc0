import { lifeOf } from '../system/process-mark.ts'
import type { Env } from '../system/settings.ts'
import { askingProcess } from './keeper/owner.ts'
import { stepOf } from './say-in-band.ts'

/** How often it looks. */
const LOOK_MS = 1_000

/**
 * In a step, what it has begun ends with its script, also where that is killed: nobody would hear how it goes on.
 * @param gone called once
 * @returns what ends the watch
 */
export function watchStep(env: Env, gone: () => void): () => void {
  const asker = stepOf(env) === undefined ? undefined : askingProcess()
  // In a container it may lie beyond what can be seen.
  if (!asker?.startedAt) return () => {}
  const timer = setInterval(() => {
    if (lifeOf(asker) !== 'dead') return
    clearInterval(timer)
    gone()
  }, LOOK_MS)
  return () => clearInterval(timer)
}
