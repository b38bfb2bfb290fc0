import type { ProcessEnd } from '../executor.ts'

const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
}

/** A shell says 128 more than the number of the signal; it cannot be told from a program that ends with such a number. */
export function endOf(code: number, reason?: string): ProcessEnd {
  const signal = SIGNALS[code - 128]
  return { ...(signal ? { signal } : { exitCode: code }), ...(reason ? { reason } : {}) }
}
