import { EverwarmError } from '../../contracts/errors.ts'
import { WORDS_OF } from '../../environments/browsers/lending/code-places.ts'
import type { Addresses } from '../../environments/browsers/lending/engine.ts'

/** The leased page, by whichever protocol its lease gives. */
export interface Page {
  goto(url: string): Promise<void>
  /** @param expression resolves to what can be said in JSON */
  run(expression: string): Promise<unknown>
  close(): void
}

export async function openPage(addresses: Addresses): Promise<Page> {
  return addresses.cdpPage ? cdpPage(addresses.cdpPage) : webdriverPage(addresses)
}

interface Call {
  resolve(result: any): void
  reject(error: Error): void
}

async function cdpPage(url: string): Promise<Page> {
  const socket = new WebSocket(url)
  const calls = new Map<number, Call>()
  const waiting = new Map<string, () => void>()
  let serial = 0
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(gone()))
  })
  socket.addEventListener('close', () => {
    for (const { reject } of calls.values()) reject(gone())
  })
  socket.addEventListener('message', ({ data }) => {
    const { id, method, error, result } = JSON.parse(data as string)
    if (id === undefined) return waiting.get(method)?.()
    const call = calls.get(id)
    calls.delete(id)
    if (error) call?.reject(new EverwarmError('CODE_FAILED', { message: error.message }))
    else call?.resolve(result)
  })
  const call = (method: string, params: object = {}): Promise<any> =>
    new Promise((resolve, reject) => {
      if (socket.readyState !== socket.OPEN) return reject(gone())
      calls.set((serial += 1), { resolve, reject })
      socket.send(JSON.stringify({ id: serial, method, params }))
    })
  await call('Page.enable')
  return {
    async goto(url) {
      const loaded = new Promise<void>((resolve) => waiting.set('Page.loadEventFired', resolve))
      const { errorText } = await call('Page.navigate', { url })
      if (errorText) throw new EverwarmError('CODE_FAILED', { message: `${url} cannot be opened: ${errorText}.` })
      await loaded
    },
    async run(expression) {
      const { result, exceptionDetails } = await call('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
        userGesture: true,
      })
      if (exceptionDetails) throw failed(exceptionDetails.exception?.description ?? exceptionDetails.text)
      return result.value
    },
    close: () => socket.close(),
  }
}

const ASYNC = (expression: string) => `const done = arguments[arguments.length - 1];
Promise.resolve().then(() => ${expression}).then((value) => done({ value }), (error) => done({ error: ${WORDS_OF}(error) }))`

function webdriverPage({ webdriver, sessionId }: Addresses): Page {
  async function send(path: string, body: object): Promise<any> {
    const answer = await fetch(`${webdriver}/session/${sessionId}/${path}`, { method: 'POST', body: JSON.stringify(body) }).catch(
      (cause: unknown) => {
        throw gone(cause)
      },
    )
    const { value } = (await answer.json()) as { value: any }
    if (!answer.ok) throw failed(`${value.error}: ${value.message}`)
    return value
  }
  return {
    goto: (url) => send('url', { url }),
    async run(expression) {
      const { value, error } = await send('execute/async', { script: ASYNC(expression), args: [] })
      if (error) throw failed(error)
      return value
    },
    close() {},
  }
}

export function failed(message: string): EverwarmError {
  return new EverwarmError('CODE_FAILED', { message: `The code failed in the browser: ${message}` })
}

function gone(cause?: unknown): EverwarmError {
  return new EverwarmError('LEASE_REVOKED', {
    message: 'The leased browser is not there any more.',
    hint: 'Its lease was released, or it crashed: lease another.',
    cause,
  })
}
