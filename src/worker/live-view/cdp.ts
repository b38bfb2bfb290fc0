/** A way for messages of DevTools, one JSON text each: a WebSocket, or the pipe of a browser. */
export interface CdpWay {
  send(text: string): void
  onText(listener: (text: string) => void): void
  onClose(listener: () => void): void
}

export type CdpEvent = (method: string, params: Record<string, unknown>, sessionId: string | undefined) => void

/** Commands and events over a way. */
export interface Cdp {
  /** @throws Error with the browser's words, or when the way ends before the answer */
  call(method: string, params?: Record<string, unknown>, sessionId?: string): Promise<Record<string, unknown>>
  onEvent(listener: CdpEvent): void
  onClose(listener: () => void): void
}

interface Message {
  id?: number
  method?: string
  params?: Record<string, unknown>
  sessionId?: string
  result?: Record<string, unknown>
  error?: { message: string }
}

/** @param firstId of the first command: apart from those of others on the same way */
export function cdpOver(way: CdpWay, firstId = 1): Cdp {
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>()
  let nextId = firstId
  let isClosed = false
  let onEvent: CdpEvent = () => {}
  let onClose = () => {}
  way.onText((text) => {
    const { id, method, params = {}, sessionId, result = {}, error } = JSON.parse(text) as Message
    if (id === undefined) return method === undefined ? undefined : onEvent(method, params, sessionId)
    const answer = waiting.get(id)
    waiting.delete(id)
    if (error) answer?.reject(new Error(error.message))
    else answer?.resolve(result)
  })
  way.onClose(() => {
    isClosed = true
    for (const answer of waiting.values()) answer.reject(new Error('the browser is gone'))
    waiting.clear()
    onClose()
  })
  return {
    call(method, params = {}, sessionId) {
      if (isClosed) return Promise.reject(new Error('the browser is gone'))
      const id = nextId++
      const answer = Promise.withResolvers<Record<string, unknown>>()
      waiting.set(id, answer)
      way.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }))
      return answer.promise
    },
    onEvent: (listener) => void (onEvent = listener),
    onClose: (listener) => void (onClose = listener),
  }
}
