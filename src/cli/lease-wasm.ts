import type { LeaseRow } from './lease-row.ts'

/** What `everwarm lease` has to know of wasm: who holds the lease speaks to the host as `docs/protocol/front-door.md` says, for one request. */
export const WASM_LEASE: LeaseRow = {
  summary: 'a host for wasm: one request of the front door',
  profile: async () => ({ environment: 'wasm', nodePath: process.execPath }),
  variables: async ({ address, token, leaseId }) => ({
    EVERWARM_ADDRESS: address,
    EVERWARM_TOKEN: token,
    EVERWARM_RUNTIME: 'wasm',
    EVERWARM_LEASE_ID: leaseId,
  }),
}
