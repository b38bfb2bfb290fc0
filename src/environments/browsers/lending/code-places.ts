import type { ServerResponse } from 'node:http'

/** Where code runs in a browser: in a page, or in one of the workers that a page can start. */
export type Place = 'window' | 'worker' | 'sharedworker' | 'serviceworker'
export const PLACES: readonly Place[] = ['window', 'worker', 'sharedworker', 'serviceworker']

/** An error in the words of any browser: the stacks of Firefox and WebKit leave out what happened. */
export const WORDS_OF = `((error) => {
  const [text, stack] = [String(error), String((error && error.stack) || '')]
  return stack.includes(text) ? stack : (text + '\\n' + stack).trim()
})`

/** Waits for code, and answers with what it came to; the same in all three kinds of workers. */
const WORKER = `
const answer = async ({ data: { code }, ports: [port] }) => {
  try {
    port.postMessage({ value: await (0, eval)(code) })
  } catch (error) {
    port.postMessage({ error: ${WORDS_OF}(error) })
  }
}
self.addEventListener('message', answer)
self.addEventListener('connect', ({ ports: [port] }) => { port.onmessage = answer })
self.addEventListener('install', () => self.skipWaiting && self.skipWaiting())
`

/**
 * Runs in the page: starts a worker of its own, has it run the code, and ends it.
 * A worker for each: what one left is not found by the next.
 */
const IN_WORKER = `async (place, code) => {
  const name = 'worker.js?' + Math.random()
  const { promise, resolve, reject } = Promise.withResolvers()
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }) => resolve(data)
  const failed = (event) => reject(new Error(event.message || 'the worker could not be started'))
  if (place === 'worker') {
    const worker = new Worker(name)
    worker.onerror = failed
    worker.postMessage({ code }, [port2])
    return promise.finally(() => worker.terminate())
  }
  if (place === 'sharedworker') {
    const worker = new SharedWorker(name)
    worker.onerror = failed
    worker.port.postMessage({ code }, [port2])
    return promise.finally(() => worker.port.close())
  }
  const registration = await navigator.serviceWorker.register(name)
  const worker = registration.installing || registration.waiting || registration.active
  if (worker.state !== 'activated') {
    const active = Promise.withResolvers()
    worker.addEventListener('statechange', () => {
      if (worker.state === 'activated') active.resolve()
      if (worker.state === 'redundant') active.reject(new Error('the service worker was not installed'))
    })
    await active.promise
  }
  worker.postMessage({ code }, [port2])
  return promise.finally(() => registration.unregister())
}`

/** An expression for a page: resolves to `{ value }` or `{ error }`. */
export function inPlace(place: Place, code: string): string {
  if (place !== 'window') return `(${IN_WORKER})(${JSON.stringify(place)}, ${JSON.stringify(code)})`
  // Indirect: in the page's own scope, as a script of it.
  return `(async () => { try { return { value: await (0, eval)(${JSON.stringify(code)}) } } catch (error) { return { error: ${WORDS_OF}(error) } } })()`
}

const PAGE = '<!doctype html><meta charset="utf-8"><title>everwarm</title>'

/** The page from which workers are started: they need a script of its origin. True: it was one of these. */
export function serveCode(rest: string, response: ServerResponse): boolean {
  const [path] = rest.split('?')
  if (path !== '/code/' && path !== '/code/worker.js') return false
  const isPage = path === '/code/'
  response.writeHead(200, { 'content-type': isPage ? 'text/html' : 'text/javascript', 'cache-control': 'no-store' })
  response.end(isPage ? PAGE : WORKER)
  return true
}
