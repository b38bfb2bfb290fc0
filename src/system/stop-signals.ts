import { EverwarmError } from '../contracts/errors.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * The first signal asks for an end, the second ends the program with 137, after `lastMs` at most.
 * @param ask is called with each of them; `isSecond`: at once
 * @param last is called before the program is ended so
 * @returns what lets signals do again what they do
 */
export function onStopSignals(
  ask: (signal: string, isSecond: boolean) => void,
  lastMs = 0,
  last: () => void = () => {},
): () => void {
  let heard = 0
  const exit = () => {
    last()
    process.exit(137)
  }
  const onSignal = (signal: NodeJS.Signals) => {
    heard += 1
    if (heard > 2 || (heard === 2 && lastMs === 0)) exit()
    ask(signal, heard === 2)
    if (heard === 2) {
      process.exitCode = 137
      setTimeout(exit, lastMs).unref()
    }
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return () => SIGNALS.forEach((signal) => process.off(signal, onSignal))
}

const endedBy = (signal: string) =>
  new EverwarmError('EXECUTION_CANCELED', { message: `It was ended by ${signal}.`, hint: 'Run it again.' })

/** Runs what can be aborted; a signal aborts it. @throws what it throws */
export async function untilSignal<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController()
  const restore = onStopSignals((signal) => abort.abort(endedBy(signal)))
  try {
    return await act(abort.signal)
  } finally {
    restore()
  }
}
