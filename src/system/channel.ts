import { createBirpc } from 'birpc'
import { EverwarmError, errorFromData, type ErrorData } from '../contracts/errors.ts'
import type { FrameSocket } from './frames.ts'

type Functions<T> = { [K in keyof T]: (...args: never[]) => unknown }
type Args<F> = F extends (...args: infer A) => unknown ? A : never
type Answer<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never

/** Typed calls both ways over one frame socket. */
export interface Channel<Remote> {
  /** Waits for the answer without a time limit: the answerer knows its own. @throws EverwarmError rebuilt, or `closed()` */
  call<K extends keyof Remote & string>(name: K, ...args: Args<Remote[K]>): Promise<Answer<Remote[K]>>
  /** Says it and expects no answer; lost without a word if the other side is gone. */
  tell<K extends keyof Remote & string>(name: K, ...args: Args<Remote[K]>): void
}

interface Message {
  t: 'q' | 's'
  e?: unknown
}

export interface ChannelOptions {
  /** The error of calls that the connection left without an answer. */
  closed: () => EverwarmError
}

/**
 * @param local what the other side may call: own properties only, so that nobody calls `constructor`
 */
export function openChannel<Remote extends Functions<Remote>, Local extends Functions<Local>>(
  frames: FrameSocket,
  local: Local,
  { closed }: ChannelOptions,
): Channel<Remote> {
  const rpc = createBirpc<Record<string, (...args: any[]) => unknown>, Local, false>(local, {
    proxify: false,
    timeout: -1,
    bind: 'functions',
    resolver: (name, found) => (Object.hasOwn(local, name) ? found : undefined),
    post: (message) => frames.send(message),
    on(receive) {
      frames.onFrame((value) => {
        if (!isMessage(value)) return frames.destroy(notAMessage())
        Promise.resolve(receive(value)).catch((error: Error) => frames.destroy(error))
      })
    },
    serialize: (message: Message) => ('e' in message ? { ...message, e: errorData(message.e) } : message),
    deserialize: (message: Message) => ('e' in message ? { ...message, e: errorFromData(message.e) } : message),
  })
  frames.onClose(() => rpc.$close(closed()))
  return {
    call: async (name, ...args) => {
      if (rpc.$closed || frames.isClosed) throw closed()
      return (await rpc.$call(name, ...args)) as never
    },
    tell(name, ...args) {
      if (rpc.$closed || frames.isClosed) return
      // The only failure left is a closed socket, which `onClose` reports.
      rpc.$callEvent(name, ...args).catch(() => {})
    },
  }
}

function errorData(error: unknown): ErrorData {
  return errorFromData(error).toJSON()
}

function isMessage(value: unknown): value is Message {
  const type = (value as Message | null)?.t
  return typeof value === 'object' && (type === 'q' || type === 's')
}

function notAMessage(): EverwarmError {
  return new EverwarmError('FRAME_INVALID', {
    message: 'A frame is neither a call nor an answer.',
    hint: 'Something other than everwarm is at the other end of this socket.',
  })
}
