import { activeResources } from './restore/handles.ts'
import { isTimerDueWithin } from './restore/timers.ts'

// Test code may replace any of these while a file runs.
const { setImmediate, setTimeout } = globalThis
const now = performance.now.bind(performance)

/** About as long as a fork lives on after its last test: what fails in that time is an error of the run. */
const LIFE_AFTER_MS = 3

/** Calls back in the next turn, or as soon as what the file has left behind and is due at once has had its turn. */
export function whenSettled(then: () => void): void {
  const endMs = now() + LIFE_AFTER_MS
  const look = () => {
    if (now() < endMs && (isTimerDueWithin(2) || isReading())) setTimeout(look, 1)
    else then()
  }
  setImmediate(look)
}

function isReading(): boolean {
  return [...activeResources().keys()].some((name) => name.startsWith('FSReq'))
}
