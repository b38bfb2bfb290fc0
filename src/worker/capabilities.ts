import { EverwarmError } from '../contracts/errors.ts'
import type { Capabilities } from '../contracts/worker.ts'
import { namesHint } from '../system/known-names.ts'
import { type Machine, thisMachine } from '../system/machine.ts'

export interface AskedCapabilities {
  /** Only these of what is found; absent: all that is found. */
  browsers?: readonly string[]
  /** Shards at once; 1 by default, because one shard uses all cores by itself. */
  maxConcurrent?: number
  tags?: readonly string[]
}

export interface FoundBrowser {
  name: string
  isFound: boolean
}

/**
 * What this machine has, as measured: nothing is claimed that is not there.
 * @param known all browsers that have a name here, and whether they can be started
 * @throws EverwarmError BROWSER_NOT_FOUND, BAD_INPUT
 */
export function measureCapabilities(
  asked: AskedCapabilities,
  known: readonly FoundBrowser[],
  machine: Machine = thisMachine(),
): Capabilities {
  const found = known.filter(({ isFound }) => isFound).map(({ name }) => name)
  for (const name of asked.browsers ?? []) if (!found.includes(name)) throw notThere(name, known, found)
  return {
    browsers: [...new Set(asked.browsers ?? found)],
    maxConcurrent: asked.maxConcurrent ?? 1,
    ...(asked.tags?.length ? { tags: [...new Set(asked.tags)] } : {}),
    memory: Math.floor(machine.memoryBytes / (1024 * 1024)),
    cpu: machine.cpus,
  }
}

function notThere(name: string, known: readonly FoundBrowser[], found: readonly string[]): EverwarmError {
  if (!known.some((each) => each.name === name))
    return new EverwarmError('BAD_INPUT', {
      message: `There is no browser "${name}".`,
      hint: namesHint(
        name,
        known.map((each) => each.name),
      ),
    })
  return new EverwarmError('BROWSER_NOT_FOUND', {
    message: `This machine has no ${name} that could be started.`,
    hint: found.length > 0 ? `Found are ${found.join(', ')}.` : 'Install it, or leave --browser out.',
  })
}
