import type { Needs, SessionTest } from '../contracts/session.ts'
import type { Capabilities } from '../contracts/worker.ts'

/**
 * Needs as text, equal for equal needs: shards of one class can run on the same workers and share one line.
 * @example '{"browsers":["chromium"]}'; '{}' for tests that run anywhere
 */
export function classOf(needs: Needs): string {
  const { browsers, tags, memory, cpu } = needs
  return JSON.stringify({
    ...(browsers?.length ? { browsers: [...new Set(browsers)].sort() } : {}),
    ...(tags?.length ? { tags: [...new Set(tags)].sort() } : {}),
    ...(memory ? { memory } : {}),
    ...(cpu ? { cpu } : {}),
  })
}

export const needsOf = (capabilityClass: string) => JSON.parse(capabilityClass) as Needs

/** What a test needs in a session that needs something of its own: both. */
export function combinedNeeds(session: Needs, test: Pick<SessionTest, 'needs'>): Needs {
  const { needs } = test
  if (!needs) return session
  return {
    browsers: [...(session.browsers ?? []), ...(needs.browsers ?? [])],
    tags: [...(session.tags ?? []), ...(needs.tags ?? [])],
    memory: Math.max(session.memory ?? 0, needs.memory ?? 0),
    cpu: Math.max(session.cpu ?? 0, needs.cpu ?? 0),
  }
}

/** A worker that does not say how much memory or how many cores it has is taken to have enough. */
export function fits({ browsers, tags, memory, cpu }: Capabilities, needs: Needs): boolean {
  return (
    (needs.browsers ?? []).every((browser) => browsers.includes(browser)) &&
    (needs.tags ?? []).every((tag) => tags?.includes(tag)) &&
    (needs.memory ?? 0) <= (memory ?? Number.POSITIVE_INFINITY) &&
    (needs.cpu ?? 0) <= (cpu ?? Number.POSITIVE_INFINITY)
  )
}

/** Needs for people. */
export function needsText({ browsers = [], tags = [], memory, cpu }: Needs): string {
  const parts = [
    ...browsers.map((browser) => `browser ${browser}`),
    ...tags.map((tag) => `tag ${tag}`),
    ...(memory ? [`${memory} MB of memory`] : []),
    ...(cpu ? [`${cpu} cores`] : []),
  ]
  return parts.join(', ') || 'nothing in particular'
}
