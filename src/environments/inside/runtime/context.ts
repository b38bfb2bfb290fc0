import type { RequestId, RuntimeRequest } from '../../../contracts/runtime-wire.ts'

/** One context of JavaScript: empty at first, and for one lease only. */
export interface Context {
  ask(request: RuntimeRequest): void
  /** Ends it at once, whatever runs in it. Nothing is reported afterwards. */
  kill(): void
}

/** What a context reports; lines are whole replies of the protocol. */
export interface ContextPorts {
  line(line: string): void
  /** It ended by itself: `process.exit`, a crash, an error that nobody caught. */
  ended(why: string): void
}

/** Makes contexts, and has some ready. */
export interface Contexts {
  take(ports: ContextPorts): Context
  /** Memory of processes beside this one, bytes. */
  rssBytes(): number
  /** Ends all that it has started. */
  end(): void
}

/** A line that says an error of the host's own about a request. */
export function faultLine(id: RequestId | null, name: string, message: string): string {
  return JSON.stringify({ id, error: { name, message, stack: `${name}: ${message}` } })
}
