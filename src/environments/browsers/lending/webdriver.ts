import type { Taint } from '../../../contracts/host-wire.ts'

export type Capabilities = Record<string, unknown>

/** What a client asks for at `POST /session`. */
export interface Requested {
  alwaysMatch?: Capabilities
  firstMatch?: Capabilities[]
}

export interface Reply {
  status: number
  /** JSON */
  body: string
}

/** One session of WebDriver, with a browser of its own. */
export interface Session {
  id: string
  capabilities: Capabilities
  /** @param path below the session, without a slash at its start */
  command(method: string, path: string, body: Buffer): Promise<Reply>
  /** Ends its browser; resolves with what could not be ended. */
  end(): Promise<Taint[]>
  /** At once, by force. */
  kill(): void
}

/** Starts sessions: `asked` over what they are started with otherwise. */
export type StartSession = (asked?: Capabilities) => Promise<Session>

export function wireError(error: string, message: string, stacktrace = ''): string {
  return JSON.stringify({ value: { error, message, stacktrace } })
}
