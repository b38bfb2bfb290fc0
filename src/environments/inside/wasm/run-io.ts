/** What a running command has of its client. */
export interface RunIo {
  /** Resolves when there is room for more. */
  out(fd: 1 | 2, bytes: Uint8Array): Promise<void>
  /** Ends when the client is gone or sends a signal. */
  signal: AbortSignal
  /** From now on `give` is called for what the client's stdin gives; nothing: its end. */
  wantInput(give: (bytes: Uint8Array) => void): void
}

/** The command is over because its client wished so or is gone. */
export class Aborted extends Error {
  constructor() {
    super('aborted')
  }
}
