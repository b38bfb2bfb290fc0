import type { RuntimeProfile } from '../contracts/profiles.ts'
import { findRuntime } from '../environments/vms/binaries.ts'
import type { Runtime } from '../environments/vms/runtime-names.ts'
import type { Env } from '../system/settings.ts'
import type { LeaseRow } from './lease-row.ts'

const SUMMARIES: Record<Runtime, string> = {
  node: 'a fresh context of Node: a thread of a warm process',
  bun: 'a fresh context of bun: a thread of a warm process',
  deno: 'a fresh context of deno: a process that stands ready',
  workerd: 'fresh isolates of a warm workerd',
}

export const RUNTIME_LEASES = Object.fromEntries(
  (Object.keys(SUMMARIES) as Runtime[]).map((runtime) => [runtime, leaseOf(runtime)]),
) as Record<Runtime, LeaseRow>

function leaseOf(runtime: Runtime): LeaseRow {
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
