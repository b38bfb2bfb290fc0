import process from 'node:process'

/** What a thread can't do to its process. @see https://nodejs.org/api/worker_threads.html#class-worker */
const REFUSED = ['abort', 'chdir', 'initgroups', 'setegid', 'seteuid', 'setgid', 'setgroups', 'setuid'] as const

/**
 * A test of the pool `vmThreads` fails where it changes its process; here it would succeed. The functions are put
 * back with everything else after the file.
 */
export function behaveAsThread(): void {
  for (const name of REFUSED) if (name in process) define(name, refusal(name, `process.${name}()`))
  const { umask } = process
  define('umask', function (mask?: string | number) {
    if (mask !== undefined) throw unsupported('Setting process.umask()')
    return umask()
  })
  for (const name of ['send', 'disconnect']) Reflect.deleteProperty(process, name)
}

function refusal(name: string, what: string): () => never {
  const refuse = {
    [name]: () => {
      throw unsupported(what)
    },
  }[name]!
  return Object.assign(refuse, { disabled: true })
}

function define(name: string, value: unknown): void {
  Object.defineProperty(process, name, { ...Object.getOwnPropertyDescriptor(process, name), value })
}

function unsupported(what: string): Error {
  return Object.assign(new TypeError(`${what} is not supported in workers`), { code: 'ERR_WORKER_UNSUPPORTED_OPERATION' })
}
