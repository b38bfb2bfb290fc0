import type { PipePaths } from './pipes.ts'
import type { SpawnRequest } from './spawn-here.ts'

// Between an engine and its spawner, over Node's channel of the child process. Both are of one installation.

/** Of `env` only what differs from the variables that the spawner has by its first message. */
export type SpawnFrame = SpawnRequest & { id: number; pipes: PipePaths }
export type ToSpawner = { base: Readonly<Record<string, string>> } | SpawnFrame

/** `failed` is the code that the system says. */
export type FromSpawner =
  | { ready: true }
  | { id: number; pid: number }
  | { id: number; failed: string }
  | { id: number; exitCode: number | null; signal: string | null }
