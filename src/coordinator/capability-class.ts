import type { HostRun, Needs, SessionTest } from '../contracts/session.ts'
import type { Capabilities } from '../contracts/worker.ts'

/** What a class of shards needs of its workers, with what follows from how its tests are run. */
export interface ClassNeeds extends Needs {
  /** Only workers that ask for shards and know by themselves what to do with them. */
  asking?: true
}

/** A worker as far as placing goes. */
export interface Placeable extends Capabilities {
  /** It is told what to spawn over a link; else it asks. */
  isLinked: boolean
}

/**
 * Needs as text, equal for equal needs: shards of one class can run on the same workers and share one line.
 * @example '{"browsers":["chromium"]}'; '{}' for tests that run anywhere
 */
export function classOf(needs: ClassNeeds): string {
  const { browsers, tags, memory, cpu, commands, asking } = needs
  return JSON.stringify({
    ...(browsers?.length ? { browsers: [...new Set(browsers)].sort() } : {}),
    ...(tags?.length ? { tags: [...new Set(tags)].sort() } : {}),
    ...(memory ? { memory } : {}),
    ...(cpu ? { cpu } : {}),
    ...(commands?.length ? { commands: [...new Set(commands)].sort() } : {}),
    ...(asking ? { asking } : {}),
  })
}

export const needsOf = (capabilityClass: string) => JSON.parse(capabilityClass) as ClassNeeds

/** What follows from how tests are run: a command must be allowed, and `none` is for workers that know by themselves. */
export function needsOfRun({ host, command }: Pick<HostRun, 'host' | 'command'>, needs: Needs): ClassNeeds {
  if (host === 'none') return { ...needs, asking: true }
  return host === 'command' && command ? { ...needs, commands: [...(needs.commands ?? []), command[0]!] } : needs
}

/** What a test needs in a session that needs something of its own: both. */
export function combinedNeeds(session: ClassNeeds, test: Pick<SessionTest, 'needs'>): ClassNeeds {
  const { needs } = test
  if (!needs) return session
  return {
    ...session,
    browsers: [...(session.browsers ?? []), ...(needs.browsers ?? [])],
    tags: [...(session.tags ?? []), ...(needs.tags ?? [])],
    memory: Math.max(session.memory ?? 0, needs.memory ?? 0),
    cpu: Math.max(session.cpu ?? 0, needs.cpu ?? 0),
    commands: [...(session.commands ?? []), ...(needs.commands ?? [])],
  }
}

/** A worker that does not say how much memory or how many cores it has is taken to have enough. */
export function fits({ browsers, tags, memory, cpu, commands, isLinked }: Placeable, needs: ClassNeeds): boolean {
  return (
    // Who asks for shards knows by itself which commands it runs.
    (!isLinked || (needs.commands ?? []).every((command) => commands?.includes(command))) &&
    !(needs.asking && isLinked) &&
    (needs.browsers ?? []).every((browser) => browsers.includes(browser)) &&
    (needs.tags ?? []).every((tag) => tags?.includes(tag)) &&
    (needs.memory ?? 0) <= (memory ?? Number.POSITIVE_INFINITY) &&
    (needs.cpu ?? 0) <= (cpu ?? Number.POSITIVE_INFINITY)
  )
}

/** Needs for people. */
export function needsText({ browsers = [], tags = [], memory, cpu, commands = [], asking }: ClassNeeds): string {
  const parts = [
    ...browsers.map((browser) => `browser ${browser}`),
    ...tags.map((tag) => `tag ${tag}`),
    ...(memory ? [`${memory} MB of memory`] : []),
    ...(cpu ? [`${cpu} cores`] : []),
    ...commands.map((command) => `leave to run ${command} (\`everwarm worker --allow ${command}\`)`),
    ...(asking ? ['a worker that asks for its shards, as run.host is "none"'] : []),
  ]
  return parts.join(', ') || 'nothing in particular'
}
