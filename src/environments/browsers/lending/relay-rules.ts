import { OF_A_CONTEXT, taintOf } from '../commands.ts'

/** A command of DevTools, as a client says it. */
export interface Command {
  id?: number
  method?: string
  params?: Record<string, unknown>
  sessionId?: string
}

/** What is the lease's own. */
export interface Own {
  /** The context that was opened for it: what stands for "the default context". */
  contextId: string
  contexts: ReadonlySet<string>
  /** The context of a target; undefined: nobody knows it. */
  contextOf(targetId: string): string | undefined
}

export type Verdict =
  | { do: 'pass'; params?: Record<string, unknown> }
  | { do: 'refuse'; message: string }
  /** Answered without the browser. */
  | { do: 'answer'; isLast: boolean }

const PASS: Verdict = { do: 'pass' }

/** About a target: only of the lease's own. */
const OF_A_TARGET: ReadonlySet<string> = new Set([
  'Browser.getWindowForTarget',
  'Target.activateTarget',
  'Target.attachToTarget',
  'Target.autoAttachRelated',
  'Target.closeTarget',
  'Target.getTargetInfo',
])

/** Windows are not looked up, they end with their pages; another session to the browser is judged as this one is. */
const ALLOWED: ReadonlySet<string> = new Set([
  'Browser.setWindowBounds',
  'Browser.setContentsSize',
  'Target.attachToBrowserTarget',
])

/**
 * What becomes of a command to the browser as a whole: it concerns the lease's own contexts, or nothing that others have.
 * A guard against accidents of those who share a browser, not a wall against malice.
 */
export function judgeRootCommand({ method = '', params = {} }: Command, own: Own): Verdict {
  const { browserContextId, targetId } = params
  if (method === 'Browser.close') return { do: 'answer', isLast: true }
  if (typeof browserContextId === 'string' && !own.contexts.has(browserContextId))
    return { do: 'refuse', message: `Failed to find browser context with id ${browserContextId}` }
  if (OF_A_TARGET.has(method)) {
    if (typeof targetId !== 'string') return PASS
    const context = own.contextOf(targetId)
    if (context !== undefined && !own.contexts.has(context)) return { do: 'refuse', message: 'No target with given id found' }
    return PASS
  }
  // About the leased context, if it names none.
  if (OF_A_CONTEXT.has(method))
    return typeof browserContextId === 'string' ? PASS : { do: 'pass', params: { ...params, browserContextId: own.contextId } }
  if (method === 'Target.createBrowserContext') return { do: 'pass', params: { ...params, disposeOnDetach: true } }
  if (ALLOWED.has(method) || taintOf({ method, params }) === null) return PASS
  return { do: 'refuse', message: `${method} concerns the whole browser, which is shared (everwarm).` }
}

/** What becomes of a command to one of the lease's pages, frames or workers: they can do to it what they like. */
export function judgeTargetCommand({ method = '', params = {} }: Command, own: Own): Verdict {
  if (!method.startsWith('Browser.')) return PASS
  if (method === 'Browser.close') return { do: 'answer', isLast: true }
  if (method.startsWith('Browser.crash'))
    return { do: 'refuse', message: `${method} would end the browser of others (everwarm).` }
  // Without a name it is the browser's own profile that would be changed.
  if (OF_A_CONTEXT.has(method) && params.browserContextId === undefined)
    return { do: 'pass', params: { ...params, browserContextId: own.contextId } }
  return PASS
}
