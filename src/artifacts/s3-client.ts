import { EverwarmError } from '../contracts/errors.ts'
import { systemClock } from '../system/clock.ts'
import { element } from './s3-list.ts'

/** A request that S3 did not answer, or answered with 5xx or 429, is asked again so often. */
const TRIES = 4
const FIRST_WAIT_MS = 100
const ANSWER_MS = 30_000

/**
 * Asks until there is an answer of S3 itself; 2xx, 206 and 404 are given back, all else thrown.
 * @param ask is called for each try, since a signature holds its time
 * @throws EverwarmError STORE_UNREACHABLE, STORE_FULL, ARTIFACT_MISMATCH
 */
export async function askS3(place: string, ask: (signal: AbortSignal) => Promise<Response>, tries = TRIES): Promise<Response> {
  for (let tried = 1; ; tried++) {
    const answer = await answered(place, ask, tried >= tries)
    if (answer && (answer.ok || answer.status === 404)) return answer
    if (answer && (!isPassing(answer.status) || tried >= tries)) throw await refusal(place, answer)
    await answer?.body?.cancel()
    await new Promise<void>((resolve) => systemClock.after(FIRST_WAIT_MS * 2 ** (tried - 1) * (0.5 + Math.random()), resolve))
  }
}

async function answered(
  place: string,
  ask: (signal: AbortSignal) => Promise<Response>,
  isLast: boolean,
): Promise<Response | undefined> {
  // Only the head of the answer has to come in time: a long file may take long.
  const late = new AbortController()
  const timer = systemClock.after(ANSWER_MS, () => late.abort(new Error(`no answer in ${ANSWER_MS} ms`)))
  try {
    return await ask(late.signal)
  } catch (cause) {
    const own = cause instanceof EverwarmError ? cause : (cause as Error).cause
    if (own instanceof EverwarmError) throw own
    if (isLast) throw unreachable(place, (own as Error | undefined)?.message || (cause as Error).message, cause)
    return undefined
  } finally {
    timer.cancel()
  }
}

const isPassing = (status: number) => status >= 500 || status === 429

const MISMATCHES = new Set([
  'BadDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
  'InvalidDigest',
  'IncompleteBody',
])
const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage'])

async function refusal(place: string, answer: Response): Promise<EverwarmError> {
  const text = await answer.text().catch(() => '')
  const code = element(text, 'Code') ?? String(answer.status)
  const said = `${code}${element(text, 'Message') ? `: ${element(text, 'Message')}` : ''}`
  if (MISMATCHES.has(code))
    return new EverwarmError('ARTIFACT_MISMATCH', { message: `The artifact store ${place} refused what was sent (${said}).` })
  if (FULL.has(code) || answer.status === 507)
    return new EverwarmError('STORE_FULL', { message: `The artifact store ${place} is full (${said}).` })
  return unreachable(place, said)
}

function unreachable(place: string, what: string, cause?: unknown): EverwarmError {
  return new EverwarmError('STORE_UNREACHABLE', {
    message: `The artifact store ${place} cannot be used: ${what}.`,
    hint: 'Check the bucket, its region and endpoint, the credentials, and the clock of this machine.',
    cause,
  })
}
