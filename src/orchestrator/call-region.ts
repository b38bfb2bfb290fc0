import { ErrorInfo } from '../contracts/error-info.ts'
import { MOST_RESULT_BYTES, RunnerAnswer, type RunnerCall } from '../contracts/runs.ts'
import type { Outcome } from '../environments/api/retries.ts'
import { isTooDeep } from './canonical.ts'
import { type Posted, post } from './post.ts'
import type { Region } from './regions.ts'
import type { JobEnd } from './run.ts'

/** What one try brought: an end, or a reason why another may bring more. */
export type Try = { end: JobEnd } | { outcome: Outcome; error: ErrorInfo }

/** A region ends its runners in time by itself; this much later it is not waited for any more. */
const GRACE_MS = 5_000
const CONNECT_MS = 10_000
/** A result, its logs, and an error; in the longest way to write them. */
const MOST_ANSWER_BYTES = 4 * MOST_RESULT_BYTES

/** Sends one job to its region, once. Never throws but the signal's reason. */
export async function callRegion(region: Region, call: RunnerCall, signal: AbortSignal): Promise<Try> {
  const late = AbortSignal.timeout(call.timeout + GRACE_MS)
  try {
    const posted = await post({
      url: region.execute,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(region.token === undefined ? {} : { authorization: `Bearer ${region.token}` }),
      },
      body: JSON.stringify(call),
      signal: AbortSignal.any([signal, late]),
      connectMs: CONNECT_MS,
      mostBytes: MOST_ANSWER_BYTES,
    })
    return tryOf(region, posted)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    // Not sent again: its region may be at work on it still.
    if (late.aborted) return { end: { error: tooLate(region, call.timeout) } }
    return { outcome: { failure: 'connection' }, error: unreachable(region, `it cannot be reached (${codeOf(error)})`) }
  }
}

function tryOf(region: Region, { status, headers, body }: Posted): Try {
  if (status >= 200 && status < 300) return { end: answered(region, body) }
  if (status >= 300 && status < 400)
    return { end: { error: invalid(region, `it redirects (${status}), which is not followed: a token would go along`) } }
  if (status >= 500 || [408, 425, 429].includes(status))
    return {
      outcome: { status, retryAfter: headers['retry-after'] },
      error: unreachable(region, `it answered ${status}${said(body)}`),
    }
  return { end: { error: refused(region, status, body) } }
}

function answered(region: Region, body: string | undefined): JobEnd {
  if (body === undefined) return { error: invalid(region, `its answer has more than ${MOST_ANSWER_BYTES} bytes`) }
  const json = jsonOf(body)
  if (json === undefined) return { error: invalid(region, 'its answer is not JSON, or is nested too deeply') }
  const answer = RunnerAnswer.safeParse(json)
  if (!answer.success) {
    const [issue] = answer.error.issues
    return { error: invalid(region, `its answer has another shape: ${issue!.path.join('.')}: ${issue!.message}`) }
  }
  return { answer: answer.data }
}

/** undefined as well for what could be parsed, but not be kept. */
function jsonOf(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body)
    return isTooDeep(value) ? undefined : value
  } catch {
    // Whatever is wrong with it, it is the region's.
    return undefined
  }
}

function errorOf(body: string | undefined): ErrorInfo | undefined {
  const json = jsonOf(body ?? '')
  const given = ErrorInfo.safeParse((json as { error?: unknown } | undefined)?.error ?? json)
  return given.success ? given.data : undefined
}

function refused(region: Region, status: number, body: string | undefined): ErrorInfo {
  return (
    errorOf(body) ?? {
      code: 'RUNNER_FAILED',
      message: `The region "${region.name}" refused the job with ${status}.`,
      hint: `Look whether ${shown(region.execute)} is where its runners are served.`,
    }
  )
}

function said(body: string | undefined): string {
  const error = errorOf(body)
  return error ? `: ${error.code}: ${error.message.slice(0, 500)}` : ''
}

function unreachable(region: Region, why: string): ErrorInfo {
  return {
    code: 'REGION_UNREACHABLE',
    message: `The region "${region.name}" did not take the job: ${why}.`,
    hint: `Look whether ${shown(region.execute)} is up.`,
  }
}

function invalid(region: Region, why: string): ErrorInfo {
  return {
    code: 'API_ANSWER_INVALID',
    message: `The region "${region.name}" did not answer as a runner does: ${why}.`,
    hint: `Look what is served at ${shown(region.execute)}.`,
  }
}

function tooLate(region: Region, timeoutMs: number): ErrorInfo {
  return {
    code: 'RUNNER_TIMEOUT',
    message: `The region "${region.name}" has not answered ${GRACE_MS} ms after the job's ${timeoutMs} ms.`,
    hint: 'Give it more `runnerTimeout`, or look why it takes so long.',
  }
}

/** Without its query, which may hold secrets. */
const shown = (url: URL) => `${url.origin}${url.pathname}`
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? (error as Error).message
