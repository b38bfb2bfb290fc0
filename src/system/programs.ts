import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Env } from './settings.ts'

/** Whether it is a file that we may run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Absent, or not ours to run.
    return false
  }
}

/** The absolute path of a program, by its path or by its name on PATH; undefined: there is none. */
export function onPath(name: string, env: Env, isWanted = isProgram): string | undefined {
  if (isAbsolute(name)) return isWanted(name) ? name : undefined
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, name)).find(isWanted)
}
