import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EverwarmError } from '../contracts/errors.ts'
import { compareStrategies, whatIf } from '../sharding/compare.ts'
import { estimator } from '../sharding/estimate.ts'
import { type HostName, hostsOf, listFiles } from '../sharding/list-files.ts'
import { projectRoot, timingsPlace } from '../sharding/place.ts'
import { plan as makePlan, type PlanRequest } from '../sharding/plan.ts'
import { readSnapshot } from '../sharding/read-snapshot.ts'
import { strategies } from '../sharding/registry.ts'
import type { Snapshot } from '../sharding/snapshot.ts'
import { sourceFeatures } from '../sharding/source-features.ts'
import type { Strategy, StrategySettings } from '../sharding/strategy.ts'
import { describeFiles, type ListedFile } from '../sharding/test-file.ts'
import { badInput, type Command, type Given, refusePositionals, wholeNumber } from './command.ts'
import { planSvg } from './plan-svg.ts'
import { type PlanReport, planReport, planText } from './plan-text.ts'
import { writeFile } from './write-file.ts'

export const plan: Command = {
  options: {
    shards: { type: 'string' },
    strategy: { type: 'string' },
    host: { type: 'string' },
    root: { type: 'string' },
    level: { type: 'string' },
    'tag-mode': { type: 'string' },
    out: { type: 'string' },
    json: { type: 'boolean' },
  },
  help: [
    '--shards <n>          how many',
    '--strategy <name>     duration (default), fail-first, round-robin, file, tag, or the path of a module that exports `strategy`',
    '--level <n>           of file: folders up from a file that stay together, 1 by default',
    '--tag-mode <mode>     of tag: group (default) or spread',
    '--host <name>         who lists the files: vitest, playwright, or timings (the files that are known); default: what is set up here',
    '--root <path>         the project, this folder by default',
    '--out <plan.svg>      also draw it',
    '--json                for programs',
    '',
    'No test runs. Times come from what is recorded: see `everwarm timings show`.',
  ],
  async run(given) {
    refusePositionals(given)
    const { values, env, print } = given
    if (values.shards === undefined) throw badInput('How many shards? `everwarm plan --shards <n>`.', 'everwarm plan --help')
    const shardCount = wholeNumber(values.shards, { name: '--shards', min: 1, max: 10_000, otherwise: 1 })
    const { strategy, all } = await chosenStrategy(values.strategy)
    const settings = settingsOf(values)
    const root = resolve(text(values.root) ?? '.')
    const place = timingsPlace(root, env)
    const snapshot = readSnapshot(place)
    const host = hostFor(root, text(values.host))
    const listed =
      host === 'timings'
        ? knownFiles(snapshot)
        : await listFiles(host, root, {
            from: place.root,
            env: { ...env },
            hint: 'plan from the timings alone with `--host timings`',
          })
    if (listed.length === 0) throw noFiles(host, root)
    const files = describeFiles(listed, estimator(snapshot, { features: sourceFeatures(place.root) }))
    const request: PlanRequest = { files, shardCount, strategy, snapshot, settings }
    const made = makePlan(request)
    const report = planReport(made, { host, others: compareStrategies(request, all, host), whatIf: whatIf(request, made) })
    show(report, given, text(values.out), print)
  },
}

function show(report: PlanReport, { values }: Given, out: string | undefined, print: Given['print']): void {
  if (out !== undefined) writeFile(resolve(out), planSvg(report), '--out')
  print(values.json ? JSON.stringify(report, null, 2) : planText(report))
  if (out !== undefined && !values.json) print(`\nDrawn in ${out}`)
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined)

/** A name, or a module of one's own. @throws EverwarmError BAD_INPUT */
async function chosenStrategy(value: unknown): Promise<{ strategy: Strategy; all: readonly Strategy[] }> {
  const name = text(value) ?? 'duration'
  const isPath = /^\.{0,2}[/\\]|^[A-Za-z]:[/\\]|\.[cm]?[jt]s$/.test(name)
  const own = isPath ? await loadStrategy(resolve(name)) : undefined
  const registry = strategies(own ? [own] : [])
  return { strategy: registry.get(own?.name ?? name), all: registry.all }
}

async function loadStrategy(path: string): Promise<Strategy> {
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { strategy?: Strategy; default?: Strategy }
    return (loaded.strategy ?? loaded.default)!
  } catch (cause) {
    throw new EverwarmError('BAD_INPUT', {
      message: `The strategy ${path} cannot be loaded: ${(cause as Error).message}`,
      hint: 'It is a module that exports `strategy`: see docs/sharding.md, "A strategy of your own".',
      cause,
    })
  }
}

function settingsOf(values: Given['values']): Partial<StrategySettings> {
  const tagMode = text(values['tag-mode']) ?? 'group'
  if (tagMode !== 'group' && tagMode !== 'spread')
    throw badInput(`--tag-mode is group or spread, not "${tagMode}".`, 'everwarm plan --help')
  return { tagMode, level: wholeNumber(values.level, { name: '--level', min: 1, max: 100, otherwise: 1 }) }
}

/** @throws EverwarmError BAD_INPUT if it cannot be told which host is meant */
function hostFor(root: string, asked: string | undefined): HostName | 'timings' {
  if (asked === 'vitest' || asked === 'playwright' || asked === 'timings') return asked
  if (asked !== undefined) throw badInput(`--host is vitest, playwright or timings, not "${asked}".`, 'everwarm plan --help')
  const found = hostsOf(root, names(root))
  if (found.length > 1)
    throw badInput(`Both Vitest and Playwright are set up in ${root}: say which with --host.`, 'everwarm plan --help')
  return found[0] ?? 'timings'
}

function names(root: string): string[] {
  try {
    return readdirSync(root)
  } catch (cause) {
    throw new EverwarmError('BAD_INPUT', {
      message: `There is no folder ${root}.`,
      hint: 'Give --root the folder of a project.',
      cause,
    })
  }
}

const knownFiles = ({ timings }: Snapshot): ListedFile[] => {
  const files = new Map(timings.map(({ project, file }) => [JSON.stringify([project, file]), { project, path: file }]))
  return [...files.values()]
}

function noFiles(host: HostName | 'timings', root: string): EverwarmError {
  const message =
    host === 'timings'
      ? `Nothing is set up in ${root} that could list test files, and none are known from before (${projectRoot(root)}).`
      : `${host} finds no test files in ${root}.`
  return new EverwarmError('BAD_INPUT', {
    message,
    hint: 'Give --root the folder with the configuration of Vitest or Playwright.',
  })
}
