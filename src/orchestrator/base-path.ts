/** The first part of each route; what stands before it is where the handler is mounted. */
const FIRST_PARTS = { orchestrator: ['run', 'docs', 'spec.json'], runner: ['execute', 'info', 'docs', 'spec.json'] } as const

export interface Split {
  /** Without a slash at its end; empty where the handler is at the root, or a framework has cut the prefix off. */
  base: string
  /** The route, with a slash at its beginning. */
  route: string
}

/**
 * Where the handler is mounted, as its requests tell: `/api/orchestrator/run/7` is the route `/run/7` below `/api/orchestrator`.
 * A base that has a part of that name itself must be given. null: the path is not below the base, or has no route.
 */
export function splitPath(pathname: string, kind: keyof typeof FIRST_PARTS, given?: string): Split | null {
  if (given !== undefined) {
    const base = `/${given}`.replace(/\/{2,}/g, '/').replace(/\/$/, '')
    return pathname === base || pathname.startsWith(`${base}/`) ? { base, route: pathname.slice(base.length) || '/' } : null
  }
  const parts = pathname.split('/')
  const at = parts.findIndex((part) => (FIRST_PARTS[kind] as readonly string[]).includes(part))
  return at < 1 ? null : { base: parts.slice(0, at).join('/'), route: `/${parts.slice(at).join('/')}` }
}
