import { existsSync } from 'node:fs'
import type { Lease } from '../../contracts/protocol.ts'
import type { DaemonClient } from '../daemon/client.ts'
import type { HeldLease, Leaser, LeaseLoss } from '../leaser.ts'

export interface DaemonConnector {
  /** Loads what connecting needs, and connects to nobody. */
  load(): Promise<unknown>
  /** Begins to connect, starting the daemon if there is none; never fails, what went wrong shows at the first lease. */
  begin(): void
  leaser(): Leaser
}

/** The way to the daemon; its client is loaded only when it is used, because users' configurations load this file. */
export function daemonConnector(label: string): DaemonConnector {
  let begun: Promise<DaemonClient> | undefined

  async function connect(): Promise<DaemonClient> {
    const { connectDaemon } = await loadClient()
    const client = await connectDaemon({ label })
    client.unref()
    return client
  }

  /** The connection that was begun, or a new one when that is lost or failed before anybody used it. */
  function connected(): Promise<DaemonClient> {
    const before = begun ?? connect()
    begun = before
    return before.then(
      (client) => (client.isClosed ? (begun = connect()) : client),
      (error: unknown) => {
        begun = undefined
        throw error
      },
    )
  }

  return {
    load: loadAll,
    begin() {
      begun ??= connect()
      // A wish: the first lease meets the same errors, and says them.
      begun.then(warmExpected).catch(() => {})
    },
    leaser: () =>
      daemonLeaser(connected, async () => {
        const client = await begun?.catch(() => undefined)
        begun = undefined
        await client?.close()
      }),
  }
}

const loadClient = () => import('../daemon/client.ts')
const loadAll = () => Promise.all([loadClient(), import('../daemon/address.ts'), import('../daemon/last-used.ts')])

/** Opens a host of the profile that this folder used last, while Vite still loads: most runs ask for the same again. */
async function warmExpected(client: DaemonClient): Promise<void> {
  const [, { daemonAddress }, { lastUsed }] = await loadAll()
  const expected = lastUsed(daemonAddress(process.env).home).find(
    ({ root, nodePath, vitestPackage }) => root === process.cwd() && nodePath === process.execPath && existsSync(vitestPackage),
  )
  if (!expected) return
  // Extra fields are dropped on the way, by the schema.
  await client.warm({ ...expected, env: { ...process.env } as Record<string, string> }, 1)
}

function daemonLeaser(connected: () => Promise<DaemonClient>, close: () => Promise<void>): Leaser {
  const tables = new WeakMap<DaemonClient, LeaseTable>()
  const tableOf = (client: DaemonClient) => {
    const table = tables.get(client) ?? new LeaseTable(client)
    tables.set(client, table)
    return table
  }
  return {
    async acquire(profile, waitMs) {
      const client = await connected()
      const table = tableOf(client)
      return table.hold(await client.acquire({ profile, waitMs }))
    },
    warm(profile, count) {
      // A wish, too.
      connected()
        .then((client) => client.warm(profile, count))
        .catch(() => {})
    },
    close,
  }
}

/** Brings the daemon's events to the leases they are about. */
class LeaseTable {
  readonly #client: DaemonClient
  readonly #held = new Map<string, { lose(loss: LeaseLoss): void; lease: HeldLease }>()
  /** News about leases whose answer has not been read yet. */
  readonly #early = new Map<string, LeaseLoss>()

  constructor(client: DaemonClient) {
    this.#client = client
    client.on('hostExited', (leaseId, exit) => this.#lose(leaseId, { kind: 'host-exited', ...exit }))
    client.on('revoked', (leaseId, reason) => this.#lose(leaseId, { kind: 'revoked', reason }))
    client.on('output', (leaseId, fd, chunk) => this.#held.get(leaseId)?.lease.onOutput?.(fd, chunk))
    client.onClose((error) => {
      for (const leaseId of this.#held.keys()) this.#lose(leaseId, { kind: 'daemon-lost', reason: error.message })
    })
  }

  hold(lease: Lease): HeldLease {
    const { promise: lost, resolve: lose } = Promise.withResolvers<LeaseLoss>()
    const held: HeldLease = {
      lease,
      lost,
      onOutput: null,
      release: async (end) => {
        if (!this.#held.delete(lease.leaseId)) return
        // LEASE_UNKNOWN: its host ended in the same moment. DAEMON_UNREACHABLE: all leases are gone anyway.
        await this.#client.release(lease.leaseId, end).catch(() => {})
      },
    }
    this.#held.set(lease.leaseId, { lose, lease: held })
    const early = this.#early.get(lease.leaseId)
    if (early) this.#lose(lease.leaseId, early)
    return held
  }

  #lose(leaseId: string, loss: LeaseLoss): void {
    const entry = this.#held.get(leaseId)
    if (!entry) return void this.#early.set(leaseId, loss)
    this.#held.delete(leaseId)
    this.#early.delete(leaseId)
    entry.lose(loss)
  }
}
