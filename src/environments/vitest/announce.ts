const RESIDENT = Symbol.for('everwarm.resident')
type Place = { [RESIDENT]?: (listener: () => void) => void }

/** Lets the plugin, which may be another copy of this package, know that nobody waits for a run yet. Returns what ends that. */
export function announceResident(): () => void {
  const listeners: (() => void)[] = []
  const place = globalThis as Place
  place[RESIDENT] = (listener) => void listeners.push(listener)
  return () => {
    delete place[RESIDENT]
    for (const listener of listeners.splice(0)) listener()
  }
}

/**
 * Acts at once, or in a prepared Vitest when its run begins.
 * @param load what a prepared Vitest can do already
 */
export function whenRunning(act: () => void, load: () => void): void {
  const wait = (globalThis as Place)[RESIDENT]
  if (!wait) return act()
  load()
  wait(act)
}
