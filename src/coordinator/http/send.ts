import { ErrorInfo } from '../../contracts/error-info.ts'
import { errorFromData, EverwarmError } from '../../contracts/errors.ts'

/** A request to a coordinator. */
export interface Asked {
  method: 'GET' | 'POST'
  path: string
  query?: Readonly<Record<string, string | number | undefined>>
  body?: unknown
  /** Instead of the client's own. */
  token?: string | undefined
  signal?: AbortSignal
}

/** Sends requests to one coordinator. @throws EverwarmError BAD_INPUT, for an address that is none */
export function sender(base: string, token: string | undefined) {
  const root = URL.parse(base)
  if (!root || !/^https?:$/.test(root.protocol))
    throw new EverwarmError('BAD_INPUT', {
      message: `"${base}" is no address of a coordinator.`,
      hint: 'Write it as http://127.0.0.1:8632 or https://NAME.',
    })

  /** @throws EverwarmError what the coordinator answered, COORDINATOR_UNREACHABLE, API_ANSWER_INVALID */
  async function open(asked: Asked): Promise<Response> {
    const response = await reach(base, addressOf(root!, asked), asked, asked.token ?? token)
    if (response.ok) return response
    throw await answeredError(base, response)
  }

  return {
    open,
    async ask<T>(asked: Asked): Promise<T> {
      const response = await open(asked)
      try {
        return (await response.json()) as T
      } catch (cause) {
        throw notOurs(base, response.status, cause)
      }
    },
  }
}

function addressOf(root: URL, { path, query = {} }: Asked): URL {
  const url = new URL(root.pathname.replace(/\/$/, '') + path, root)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

async function reach(base: string, url: URL, { method, body, signal }: Asked, token: string | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: {
        accept: 'application/json, text/event-stream',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A token must not go where somebody else points to.
      redirect: 'error',
      signal: signal ?? null,
    })
  } catch (cause) {
    throw new EverwarmError('COORDINATOR_UNREACHABLE', {
      message: `There is no answer from a coordinator at ${base}.`,
      hint: 'Start one by `everwarm coordinator`, or correct the address.',
      cause,
    })
  }
}

async function answeredError(base: string, response: Response): Promise<EverwarmError> {
  const read = ErrorInfo.safeParse(await response.json().catch(() => undefined))
  if (!read.success) return notOurs(base, response.status, read.error)
  const { issues = [] } = read.data
  if (issues.length < 2) return errorFromData(read.data)
  const message = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('\n')
  return errorFromData({ ...read.data, message })
}

const notOurs = (base: string, status: number, cause: unknown) =>
  new EverwarmError('API_ANSWER_INVALID', {
    message: `What answers at ${base} is no coordinator (status ${status}).`,
    hint: 'Correct the address.',
    cause,
  })
