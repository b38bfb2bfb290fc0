import { type EverwarmError, errorFromData } from '../contracts/errors.ts'

/** What a coordinator says is wrong, in the body of an answer; undefined: it is another server's. */
export function errorInBody(body: string | undefined): EverwarmError | undefined {
  if (!body) return undefined
  try {
    const said = JSON.parse(body) as { code?: unknown; error?: unknown } | null
    const { code } = (said?.error ?? said ?? {}) as { code?: unknown }
    return typeof code === 'string' ? errorFromData(said?.error ?? said) : undefined
  } catch {
    // A page.
    return undefined
  }
}
