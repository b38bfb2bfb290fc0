/** Between an engine and its spawner, over Node's channel of the child process; streams go over a socket in a private folder. */

/** Of `env` only what differs from the variables that the spawner has by its first message. */
export interface SpawnFrame {
  id: number
  program: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
}
export type ToSpawner = { base: Readonly<Record<string, string>> } | SpawnFrame

/** `code` of a failure is what the system says. */
export type FromSpawner =
  | { ready: true }
  | { id: number; pid: number }
  | { id: number; failed: string }
  | { id: number; exitCode: number | null; signal: string | null }

/** Each stream begins with so many bytes: its letter, the id, blanks. */
export const HEAD_BYTES = 16
export const headOf = (stream: 'o' | 'e', id: number) => `${stream}${id}`.padEnd(HEAD_BYTES)
