import nodeTimers from 'node:timers'

type Timer = NodeJS.Timeout | NodeJS.Immediate
interface Handle {
  _destroyed?: boolean
  /** Of a timeout: its delay, ms. */
  _idleTimeout?: number
}

const started: Timer[] = []
let limit = 256

/**
 * Lists every timer that is started, so that those a file leaves behind can be cleared.
 * Put in place once, before the globals are remembered; names and properties are those of the originals.
 */
export function trackTimers(): void {
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'] as const) {
    const original = globalThis[name] as (...args: unknown[]) => Timer
    const tracked = {
      [name](...args: unknown[]) {
        const timer = original(...args)
        remember(timer)
        return timer
      },
    }[name]!
    Object.defineProperties(tracked, { ...Object.getOwnPropertyDescriptors(original) })
    Object.defineProperty(globalThis, name, { ...Object.getOwnPropertyDescriptor(globalThis, name), value: tracked })
    Object.defineProperty(nodeTimers, name, { ...Object.getOwnPropertyDescriptor(nodeTimers, name), value: tracked })
  }
}

function remember(timer: Timer): void {
  started.push(timer)
  if (started.length < limit) return
  const alive = started.filter((one) => !(one as Handle)._destroyed)
  started.length = 0
  started.push(...alive)
  limit = Math.max(256, alive.length * 2)
}

/** Whether a timer of this delay or less, or an immediate, has not had its turn yet. */
export function isTimerDueWithin(ms: number): boolean {
  return started.some((timer) => {
    const { _destroyed: isOver, _idleTimeout: delayMs = 0 } = timer as Handle
    return !isOver && delayMs <= ms
  })
}

/** Clears what still runs. @returns how many were left */
export function clearTimers(): number {
  let left = 0
  for (const timer of started) {
    if ((timer as Handle)._destroyed) continue
    left++
    if ('refresh' in timer) clearTimeout(timer)
    else clearImmediate(timer)
  }
  started.length = 0
  limit = 256
  return left
}

const { clearTimeout, clearImmediate } = globalThis
