/** Something that will happen later and can be called off. */
export interface Timer {
  cancel(): void
}

/** Time as a parameter: code that waits or ages takes one of these, so that tests can move it by hand. */
export interface Clock {
  /** ms; only differences mean something. */
  now(): number
  /** Runs `act` once after `delayMs`. A waiting timer never keeps the process alive. */
  after(delayMs: number, act: () => void): Timer
}

/** What Node's timers take at most; longer ones would be due at once. */
const MOST_MS = 2 ** 31 - 1

function afterDelay(delayMs: number, act: () => void): Timer {
  let timer: NodeJS.Timeout
  const wait = (leftMs: number) => {
    const nowMs = Math.min(leftMs, MOST_MS)
    timer = setTimeout(() => (leftMs > nowMs ? wait(leftMs - nowMs) : act()), nowMs)
    timer.unref()
  }
  wait(delayMs)
  return { cancel: () => clearTimeout(timer) }
}

export const systemClock: Clock = {
  // Monotonic: a wall clock that is set back would make hosts younger and deadlines later.
  now: () => performance.now(),
  after: afterDelay,
}
