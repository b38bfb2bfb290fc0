/** One request as it leaves: the address is whole, the body bytes. */
export interface WireRequest {
  method: string
  url: URL
  headers: Record<string, string>
  body: Buffer | null
  /** Ends it. */
  signal: AbortSignal
}

export interface WireResponse {
  status: number
  /** Names in small letters; those that came several times joined as HTTP joins them, cookies apart. */
  headers: Record<string, string | string[]>
  body: Buffer
  /** It went over a connection that stood already. */
  isReused: boolean
}

/** Why nothing came back, with the code of Node: ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED… */
export class TransportError extends Error {
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** The way to servers. */
export interface Transport {
  /** @throws TransportError; what `signal` was aborted with */
  send(request: WireRequest): Promise<WireResponse>
  close(): void
}
