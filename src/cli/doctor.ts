import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { FileMemory } from '../pool/vitest/memory.ts'
import { estimator } from '../sharding/estimate.ts'
import { programOf } from '../sharding/list-files.ts'
import { timingsPlace, type TimingsPlace } from '../sharding/place.ts'
import { readSnapshot } from '../sharding/read-snapshot.ts'
import { makeSnapshot, type Snapshot } from '../sharding/snapshot.ts'
import { cacheFolder } from '../system/settings.ts'
import { spawnProcess } from '../system/spawn.ts'
import { type Command, type Given, refusePositionals } from './command.ts'
import { diagnose, type Facts, type Finding } from './diagnose.ts'

const MARKS: Record<Finding['kind'], string> = { good: '✓', gain: '+', limit: '·', problem: '✗' }

export const doctor: Command = {
  options: { 'no-measure': { type: 'boolean' }, json: { type: 'boolean' } },
  help: [
    '--no-measure  do not run the tests; judge by what earlier runs have left',
    '--json        for programs',
    '',
    'Runs all Vitest tests three times: stock, with everwarm, and with everwarm again.',
  ],
  async run(given) {
    refusePositionals(given)
    const isQuiet = Boolean(given.values['json'])
    const root = realpathSync(process.cwd())
    const vitest = versionOf('vitest', root)
    const measured = vitest && !given.values['no-measure'] ? await measure(root, given, isQuiet) : undefined
    const facts: Facts = { ...gather(root, given), ...(vitest ? { vitest } : {}), ...(measured ? { measured } : {}) }
    const findings = diagnose(facts)
    if (isQuiet) return given.print(JSON.stringify({ facts, findings }, null, 2))
    if (findings.length === 0) return given.print('All is well, and too small to gain anything.')
    for (const { kind, text } of findings) given.print(`${MARKS[kind]} ${text}`)
  },
}

function gather(root: string, { env }: Given): Facts {
  const playwright = versionOf('@playwright/test', root)
  const { snapshot, fault } = knownBefore(timingsPlace(root, env))
  const estimates = estimator(snapshot)
  const memory = new FileMemory(cacheFolder(env), root)
  const files = snapshot.timings.map((timing) => {
    const { ms, isDrifting } = estimates.estimate(timing)
    return { path: timing.file, ms, isDrifting }
  })
  const phases: Record<string, number> = {}
  for (const run of memory.allLastRuns())
    for (const [phase, ms] of Object.entries(run.phases)) phases[phase] = (phases[phase] ?? 0) + ms
  const isConfigured = configurationText(root)?.includes('everwarm')
  return {
    nodeVersion: process.versions.node,
    ...(playwright ? { playwright } : {}),
    ...(isConfigured === undefined ? {} : { isConfigured }),
    isOff: env['EVERWARM'] === '0',
    cores: availableParallelism(),
    files: files.sort((a, b) => b.ms - a.ms),
    ...(fault ? { timingsFault: `${fault.message} ${fault.hint}` } : {}),
    phases,
    needProcess: memory.needingProcess().map(({ file, reason }) => ({ path: relative(root, file), reason })),
  }
}

/** Nothing where timings cannot be read: that is one of the things that a doctor finds. */
function knownBefore(place: TimingsPlace): { snapshot: Snapshot; fault?: EverwarmError } {
  try {
    return { snapshot: readSnapshot(place) }
  } catch (error) {
    if (!(error instanceof EverwarmError)) throw error
    return { snapshot: makeSnapshot([]), fault: error }
  }
}

async function measure(root: string, { env }: Given, isQuiet: boolean): Promise<NonNullable<Facts['measured']>> {
  const run = async (what: string, more: Record<string, string>) => {
    // Long work shows what it does on a terminal, and nothing in a pipe.
    if (process.stderr.isTTY && !isQuiet) process.stderr.write(`measuring: ${what} …\n`)
    return runTests(root, { ...env, ...more })
  }
  const stockMs = await run('stock', { EVERWARM: '0' })
  const coldMs = await run('with everwarm', {})
  return { stockMs, coldMs, warmMs: await run('with everwarm, warm', {}) }
}

/** Wall time of one run, ms. Failing tests are no obstacle. @throws EverwarmError MEASURE_FAILED */
function runTests(root: string, env: Record<string, string | undefined>): Promise<number> {
  const program = programOf(root, 'vitest')!
  const startedMs = performance.now()
  const child = spawnProcess(process.execPath, [program, 'run', '--reporter=dot'], { cwd: root, env, stdio: 'ignore' })
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(
        new EverwarmError('MEASURE_FAILED', {
          message: `The tests could not be run: ${why}.`,
          hint: 'See what `npx vitest run` says here, or leave measuring out with --no-measure.',
        }),
      )
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code, signal) =>
      code === 0 || code === 1 ? resolve(performance.now() - startedMs) : fail(`Vitest ended with ${signal ?? `code ${code}`}`),
    )
  })
}

function versionOf(name: string, root: string): string | undefined {
  try {
    const path = createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
  } catch {
    // Not installed here.
    return undefined
  }
}

function configurationText(root: string): string | undefined {
  const endings = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']
  const names = ['vitest.config', 'vite.config'].flatMap((name) => endings.map((ending) => `${name}.${ending}`))
  const found = names.map((name) => join(root, name)).find((path) => existsSync(path))
  return found === undefined ? undefined : readFileSync(found, 'utf8')
}
