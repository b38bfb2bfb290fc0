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

export const systemClock: Clock = {
  // Monotonic: a wall clock that is set back would make hosts younger and deadlines later.
  now: () => performance.now(),
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
