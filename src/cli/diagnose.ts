import { count, duration } from './table.ts'

/** What `everwarm doctor` knows of a project. Times in ms. */
export interface Facts {
  nodeVersion: string
  /** Versions of what is installed here; undefined: it is not. */
  vitest?: string
  playwright?: string
  /** Whether the configuration mentions everwarm; undefined: there is no configuration. */
  isConfigured?: boolean
  isOff: boolean
  cores: number
  /** Wall time of whole runs, if they were made. */
  measured?: { stockMs: number; coldMs: number; warmMs: number }
  /** Every file with a history, longest first. */
  files: { path: string; ms: number; isDrifting: boolean }[]
  /** Why what is known of files cannot be read; `files` is empty then. */
  timingsFault?: string
  /** Sums over the last run of all files, by phase of Vitest; empty without a run. */
  phases: Record<string, number>
  /** Files that do not run in warm hosts, with what was learnt about them. */
  needProcess: { path: string; reason: string }[]
}

export interface Finding {
  kind: 'good' | 'gain' | 'limit' | 'problem'
  text: string
}

const LITTLE = 0.9
const SHARDS = [2, 4, 8]

/** What would gain, what not, and why: the most important first. Pure. */
export function diagnose(facts: Facts): Finding[] {
  return [...setUp(facts), ...speed(facts), ...processes(facts), ...shards(facts), ...drift(facts)]
}

function* setUp({ nodeVersion, vitest, playwright, isConfigured, isOff, files, timingsFault }: Facts): Generator<Finding> {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 12))
    yield problem(`Node ${nodeVersion} is older than 22.12: everwarm does not run files with it.`)
  if (!vitest && !playwright) yield problem('Neither vitest nor @playwright/test is installed here.')
  if (vitest && Number.parseInt(vitest) < 4)
    yield problem(`Vitest ${vitest} is older than 4: everwarm does not run files with it.`)
  if (isOff) yield problem('EVERWARM=0 is set: runs are stock.')
  if (isConfigured === false && vitest)
    yield gain('The configuration does not mention everwarm: add `everwarm()` of `everwarm/vitest` to its `plugins`.')
  if (timingsFault !== undefined) yield problem(timingsFault)
  else if (files.length === 0) yield problem('No run was recorded yet: run the tests once with everwarm.')
}

function* speed({ measured, phases }: Facts): Generator<Finding> {
  const total = Object.values(phases).reduce((sum, ms) => sum + ms, 0)
  const share = total > 0 ? (phases['tests'] ?? 0) / total : undefined
  if (measured) {
    const { stockMs, warmMs, coldMs } = measured
    const ratio = warmMs / stockMs
    const compared = `${duration(warmMs)} warm, ${duration(coldMs)} with a cold pool, ${duration(stockMs)} stock`
    if (ratio <= LITTLE) yield { kind: 'good', text: `A run takes ${compared}: ${(1 / ratio).toFixed(1)} times as fast.` }
    else yield { kind: 'limit', text: `A run takes ${compared}: a warm pool gains little here.` }
  }
  if (share === undefined) return
  const rest = Object.entries(phases)
    .filter(([phase]) => phase !== 'tests')
    .sort((a, b) => b[1] - a[1])
    .slice(0, 2)
    .map(([phase, ms]) => `${phase} ${percent(ms / total)}`)
  const parts = `tests ${percent(share)}, ${rest.join(', ')}`
  if (share > 0.7)
    yield {
      kind: 'limit',
      text: `The tests' own code is most of the time (${parts}): only faster tests, more workers or shards help.`,
    }
  else yield { kind: 'good', text: `Where the time of files goes: ${parts}.` }
}

function* processes({ needProcess, files }: Facts): Generator<Finding> {
  if (needProcess.length === 0) return
  const of = files.length > 0 ? ` of ${files.length}` : ''
  const some = needProcess.slice(0, 3).map(({ path, reason }) => `${path} (${reason.split('\n')[0]!.slice(0, 100)})`)
  const more = needProcess.length > some.length ? `, and ${needProcess.length - some.length} more` : ''
  yield gain(`${count(needProcess.length, 'file')}${of} cannot run in a warm host: ${some.join('; ')}${more}.`)
}

function* shards({ files }: Facts): Generator<Finding> {
  const [longest] = files
  const totalMs = files.reduce((sum, { ms }) => sum + ms, 0)
  if (!longest || totalMs < 10_000) return
  const bounds = SHARDS.map((n) => `${n}: ${duration(Math.max(longest.ms, totalMs / n))}`)
  yield gain(`Shards, at best (\`everwarm plan --shards n\`): ${bounds.join(', ')}, where one takes ${duration(totalMs)}.`)
  const useful = Math.floor(totalMs / longest.ms)
  if (useful < SHARDS.at(-1)!)
    yield {
      kind: 'limit',
      text: `${longest.path} alone takes ${duration(longest.ms)}: ${useful > 1 ? `more than ${useful} shards gain` : 'shards gain'} nothing until it is split.`,
    }
}

function* drift({ files }: Facts): Generator<Finding> {
  const drifting = files.filter(({ isDrifting }) => isDrifting)
  if (drifting.length > 0)
    yield {
      kind: 'limit',
      text: `${count(drifting.length, 'file')} took other times lately than before: ${drifting
        .slice(0, 3)
        .map(({ path }) => path)
        .join(', ')}.`,
    }
}

const problem = (text: string): Finding => ({ kind: 'problem', text })
const gain = (text: string): Finding => ({ kind: 'gain', text })
const percent = (share: number) => `${Math.round(share * 100)} %`
