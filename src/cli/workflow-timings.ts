import { relative, sep } from 'node:path'
import { estimator } from '../sharding/estimate.ts'
import { timingsPlace } from '../sharding/place.ts'
import { readTimings } from '../sharding/read-snapshot.ts'
import type { Timing } from '../sharding/timing.ts'
import type { Env } from '../system/settings.ts'

/**
 * How long items of `shards` take, ms, by what runs have taught: paths of test files in the source, in all projects that have them.
 * Nothing is read before the first is asked for; what cannot be read teaches nothing.
 */
export function knownTimings(source: string | undefined, env: Env): (item: unknown) => number | undefined {
  let known: ReadonlyMap<string, number> | undefined
  return (item) => {
    if (source === undefined || typeof item !== 'string') return undefined
    known ??= read(source, env)
    return known.get(pathInSource(item))
  }
}

function read(source: string, env: Env): ReadonlyMap<string, number> {
  try {
    const place = timingsPlace(source, env)
    const folder = relative(place.root, source).split(sep).join('/')
    return inFolder(folder, readTimings(place))
  } catch {
    // Slices of as many items are the worst that comes of it.
    return new Map()
  }
}

function inFolder(folder: string, timings: readonly Timing[]): ReadonlyMap<string, number> {
  const known = estimator({ timings })
  const prefix = folder === '' ? '' : `${folder}/`
  // One and the same file in two environments is run in one of them.
  const single = new Map(timings.map((timing) => [`${timing.project}|${timing.file}`, timing]))
  const all = new Map<string, number>()
  for (const { project, file } of single.values()) {
    if (!file.startsWith(prefix)) continue
    const path = file.slice(prefix.length)
    all.set(path, (all.get(path) ?? 0) + known.estimate({ project, file }).ms)
  }
  return all
}

/** `glob()` says them as `/data/repo/…`, or as in the sandbox that stands for it. */
function pathInSource(item: string): string {
  const at = item.lastIndexOf(SOURCE)
  return at < 0 ? item.replace(/^\.\//, '') : item.slice(at + SOURCE.length)
}

const SOURCE = '/data/repo/'
