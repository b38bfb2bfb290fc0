import type { Clock, Timer } from '../system/clock.ts'

/** A connection that does nothing but listen. */
export interface ListenConnection {
  run(statement: string): Promise<void>
  end(): Promise<void>
}

export interface ListenEvents {
  onMessage(channel: string, payload: string): void
  onLost(): void
}

export interface Listener {
  listen(channel: string, onMessage: (payload: string) => void, onGap: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

interface Subscriber {
  channel: string
  onMessage: (payload: string) => void
  onGap: () => void
}

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 5_000
/** A connection whose other end has silently gone says nothing; a question finds out. */
const PING_MS = 30_000

/** Keeps one connection for all channels; a lost one is replaced, and every subscriber told of the gap. */
export function reconnectingListener(connect: (events: ListenEvents) => Promise<ListenConnection>, clock: Clock): Listener {
  const subscribers = new Set<Subscriber>()
  let current: Promise<ListenConnection> | undefined
  let timer: Timer | undefined
  let isClosed = false
  let wasLost = false

  async function connected(): Promise<ListenConnection> {
    let isLost = false
    const connection = await connect({
      onMessage: (channel, payload) => {
        for (const subscriber of subscribers) if (subscriber.channel === channel) subscriber.onMessage(payload)
      },
      onLost: () => {
        if (isLost) return
        isLost = true
        wasLost = true
        current = undefined
        if (subscribers.size > 0) reconnectAfter(FIRST_RETRY_MS)
      },
    })
    try {
      for (const channel of new Set([...subscribers].map(({ channel }) => channel))) await connection.run(`LISTEN "${channel}"`)
    } catch (error) {
      await connection.end()
      throw error
    }
    pingAfter(connection)
    if (wasLost) for (const { onGap } of subscribers) onGap()
    return connection
  }

  const connection = () =>
    (current ??= connected().catch((error: unknown) => {
      current = undefined
      throw error
    }))

  function reconnectAfter(delayMs: number): void {
    timer?.cancel()
    if (isClosed) return
    timer = clock.after(delayMs, () => {
      connection().catch(() => reconnectAfter(Math.min(delayMs * 2, LONGEST_RETRY_MS)))
    })
  }

  function pingAfter(pinged: ListenConnection): void {
    timer?.cancel()
    if (isClosed) return
    timer = clock.after(PING_MS, () => {
      pinged.run('SELECT 1').then(
        () => pingAfter(pinged),
        () => void pinged.end(),
      )
    })
  }

  return {
    async listen(channel, onMessage, onGap) {
      const subscriber = { channel, onMessage, onGap }
      subscribers.add(subscriber)
      try {
        await (await connection()).run(`LISTEN "${channel}"`)
      } catch (error) {
        subscribers.delete(subscriber)
        throw error
      }
      onGap()
      return async () => {
        subscribers.delete(subscriber)
        const isLast = [...subscribers].every((other) => other.channel !== channel)
        // Lost meanwhile: the next connection does not listen to it.
        if (isLast && !isClosed) await (await current)?.run(`UNLISTEN "${channel}"`).catch(() => undefined)
      }
    },
    async close() {
      isClosed = true
      timer?.cancel()
      subscribers.clear()
      const last = await current?.catch(() => undefined)
      await last?.end()
    },
  }
}
