import type { PoolProfile, RuntimeProfile } from '../contracts/profiles.ts'
import type { Lease } from '../contracts/protocol.ts'
import { findRuntime, type Runtime } from '../environments/vms/binaries.ts'

type Env = Readonly<Record<string, string | undefined>>

/** What `everwarm lease` has to know of a runtime. */
export interface RuntimeLease {
  /** For the help: what is leased. */
  summary: string
  /** @throws EverwarmError ENVIRONMENT_UNAVAILABLE, CONFIG_INVALID */
  profile(env: Env, cwd: string): Promise<PoolProfile>
  /** What the command finds in its environment. */
  variables(lease: Lease): Promise<Record<string, string>>
}

const SUMMARIES: Record<Runtime, string> = {
  node: 'a fresh context of Node: a thread of a warm process',
  bun: 'a fresh context of bun: a thread of a warm process',
  deno: 'a fresh context of deno: a process that stands ready',
  workerd: 'fresh isolates of a warm workerd',
}

export const RUNTIME_LEASES = Object.fromEntries(
  (Object.keys(SUMMARIES) as Runtime[]).map((runtime) => [runtime, leaseOf(runtime)]),
) as Record<Runtime, RuntimeLease>

function leaseOf(runtime: Runtime): RuntimeLease {
  return {
    summary: SUMMARIES[runtime],
    profile: async (env, cwd): Promise<RuntimeProfile> => ({
      environment: 'runtime',
      runtime,
      command: findRuntime(runtime, { root: cwd, env }),
      env: sharedEnv(env),
      cwd,
    }),
    variables: async ({ address, token, leaseId }) => ({
      EVERWARM_ADDRESS: address,
      EVERWARM_TOKEN: token,
      EVERWARM_RUNTIME: runtime,
      EVERWARM_LEASE_ID: leaseId,
    }),
  }
}

/**
 * What contexts have of an environment from the beginning. All of it is part of what makes a host shareable, and most of a
 * shell's variables differ from one to the next: others are set over the lease itself.
 */
const SHARED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|SYSTEMROOT|LANG|LANGUAGE|LC_.*|TZ|NODE_.*|BUN_.*|DENO_.*|SSL_.*|(?:https?|no|all)_proxy)$/i

function sharedEnv(env: Env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && SHARED.test(entry[0])),
  )
}
