import { connect, type Socket } from 'node:net'
import { EverwarmError } from '../../contracts/errors.ts'
import type { BrowserProfile } from '../../contracts/profiles.ts'
import type { DaemonClient } from '../daemon/client.ts'
import type { LentBrowser } from './leased-process.ts'

export interface Lender {
  /** Begins to connect; never fails, what went wrong shows at the first lease. */
  begin(): void
  /** @throws EverwarmError whatever stands in the way; nothing is held then */
  lend(profile: BrowserProfile): Promise<LentBrowser>
  /** Opens the browser that was leased last, before it is asked for: a wish. */
  warmLast(): void
}

/** How long a browser may take to open, or to come back from another worker, before one is started without everwarm. */
const WAIT_MS = 15_000
const CONNECT_MS = 10_000

/** The way to the daemon; its client is loaded only when it is used. All leases end with this process. */
export function daemonLender(label: string): Lender {
  let begun: Promise<DaemonClient> | undefined

  async function connectNow(): Promise<DaemonClient> {
    const { connectDaemon } = await import('../daemon/client.ts')
    const client = await connectDaemon({ label, timeoutMs: CONNECT_MS })
    client.unref()
    return client
  }

  async function connected(): Promise<DaemonClient> {
    const before = begun ?? connectNow()
    begun = before
    const client = await before.catch((error: unknown) => {
      begun = undefined
      throw error
    })
    return client.isClosed ? (begun = connectNow()) : client
  }

  return {
    begin() {
      begun ??= connectNow()
      begun.catch(() => {})
    },
    async lend(profile) {
      const client = await connected()
      const lease = await client.acquire({ profile, waitMs: WAIT_MS })
      return { pid: lease.hostPid, socket: await open(lease) }
    },
    warmLast() {
      connected()
        .then(warmExpected)
        .catch(() => {})
    },
  }
}

async function warmExpected(client: DaemonClient): Promise<void> {
  const [{ daemonAddress }, { lastBrowser }] = await Promise.all([
    import('../daemon/address.ts'),
    import('../daemon/last-used.ts'),
  ])
  const expected = lastBrowser(daemonAddress(process.env).home)
  if (expected) await client.warm({ ...expected, environment: 'chromium', env: { ...process.env } as Record<string, string> }, 1)
}

/** The token comes first, ended like a message; from then on it is the pipe of the browser. */
function open({ address, token }: { address: string; token: string }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address)
    socket.once('error', (cause) => {
      reject(new EverwarmError('HOST_UNREACHABLE', { message: `The browser at ${address} cannot be reached.`, cause }))
    })
    socket.once('connect', () => {
      socket.setNoDelay(true)
      socket.write(`${token}\0`)
      resolve(socket)
    })
  })
}
