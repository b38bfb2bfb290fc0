/** DevTools over a WebSocket, as a program without any library would speak it. */
export interface CdpClient {
  call(method: string, params?: object, sessionId?: string): Promise<any>
  /** All events so far, oldest first. */
  events: { method: string; params: any; sessionId?: string }[]
  evaluate(expression: string): Promise<unknown>
  close(): void
  readonly closed: Promise<void>
}

/** @throws when nothing listens there */
export async function cdpClient(url: string): Promise<CdpClient> {
  const socket = new WebSocket(url)
  const calls = new Map<number, PromiseWithResolvers<any>>()
  const events: CdpClient['events'] = []
  let serial = 0
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error(`nothing at ${url}`)))
  })
  socket.addEventListener('message', ({ data }) => {
    const { id, error, result, ...event } = JSON.parse(data as string)
    if (id === undefined) return void events.push(event)
    if (error) calls.get(id)?.reject(new Error(error.message))
    else calls.get(id)?.resolve(result)
    calls.delete(id)
  })
  void closed.then(() => calls.forEach(({ reject }) => reject(new Error('closed'))))
  const call: CdpClient['call'] = (method, params = {}, sessionId) => {
    const answer = Promise.withResolvers<any>()
    calls.set((serial += 1), answer)
    socket.send(JSON.stringify({ id: serial, method, params, ...(sessionId ? { sessionId } : {}) }))
    return answer.promise
  }
  return {
    call,
    events,
    closed,
    close: () => socket.close(),
    async evaluate(expression) {
      const { result, exceptionDetails } = await call('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
      })
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
      return result.value
    },
  }
}
