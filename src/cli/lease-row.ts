import type { PoolProfile } from '../contracts/profiles.ts'
import type { Lease } from '../contracts/protocol.ts'
import type { Env } from '../system/settings.ts'

/** Something that `everwarm lease` can lease, by its name in a table. */
export interface LeaseRow {
  /** One line for `--list`. */
  summary: string
  /** What to ask the daemon for. @throws EverwarmError if it is not on this machine, with how to install it */
  profile(env: Env, cwd: string): Promise<PoolProfile>
  /** What the command finds in its environment. What this opens ends with the process. */
  variables(lease: Lease): Promise<Record<string, string>>
}
