import { readFileSync, rmSync } from 'node:fs'

/** Files of an execution by their names. */
export const ABOUT = 'execution.json'
export const RESULT = 'result.json'
/** Holds the place of the result: where a disk is full, what is there already can still be written over and renamed. */
export const RESERVE = '.result'

export function readJson<Shape>(path: string): Shape | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Shape
  } catch {
    // Absent, or removed a moment ago.
    return undefined
  }
}

export function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // Where nothing may be written nothing was.
  }
}
