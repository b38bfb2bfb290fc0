import { EverwarmError } from '../contracts/errors.ts'

const NEXT_STEPS: Readonly<Record<string, string>> = {
  NO_WORKER_FITS:
    'Start one that has it (`everwarm worker --tag NAME`, or with the browser installed), or leave out --tag and --browser.',
  NO_WORKER: 'Start one in a checkout of the project: `everwarm worker --connect ws://HOST:8632`.',
}

/** A coordinator speaks of requests; whoever reads this has typed a command. */
export function forCommandLine(error: unknown, see: string): unknown {
  if (!(error instanceof EverwarmError)) return error
  const speaksOfRequests = /spec\.json|\/api\//.test(error.hint ?? '')
  const hint = NEXT_STEPS[error.code] ?? (speaksOfRequests ? `See \`${see}\`.` : error.hint)
  return hint === error.hint
    ? error
    : new EverwarmError(error.code, { message: error.message, ...(hint ? { hint } : {}), cause: error })
}
