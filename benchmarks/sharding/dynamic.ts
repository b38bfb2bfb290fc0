import { lowerBound } from '../../src/sharding/balance.ts'
import { pullUnits, type PullUnit } from '../../src/sharding/pull-unit.ts'
import { quantile } from '../../src/sharding/quantile.ts'
import { duration } from '../../src/sharding/strategies/duration.ts'
import { DEFAULT_SETTINGS } from '../../src/sharding/strategy.ts'
import type { TestFile } from '../../src/sharding/test-file.ts'
import { type Chance, chance, heavyTailed } from './durations.ts'
import { simulate } from './simulate.ts'

export interface Scenario {
  workers: number
  /** Of each worker. */
  files: number
  /** How wrong an estimate is: a factor. */
  noise(chance: Chance): number
  /** Part of the files that never ran. */
  unknown: number
  /** false: the host gives no times of tests, so no file can be split. */
  testsKnown: boolean
  /** Sigma of the workers' speeds; 0: all alike. */
  speedSigma: number
}

/** Estimates 40 % off at most, every error as likely as another; one file in ten never ran. */
export const FORTY_PERCENT: Omit<Scenario, 'workers'> = {
  files: 20,
  noise: ({ uniform }) => 0.6 + 0.8 * uniform(),
  unknown: 0.1,
  testsKnown: true,
  speedSigma: 0,
}

/** What a test file pays before its first test, and each of its parts again. */
const FIXED_MS = 500
const PULL_MS = 300
const TESTS = 8

/** One suite, one run: its time over what nothing can beat. */
export function runOver(
  scenario: Scenario,
  seed: number,
  strategy = duration,
): { over: number; portions: number; runs: Map<string, number> } {
  const luck = chance(seed)
  const real = heavyTailed(scenario.workers * scenario.files, luck)
  const files = suite(real, scenario, luck)
  const units = pullUnits(files, scenario.workers, strategy, DEFAULT_SETTINGS)
  const outcome = simulate({
    units,
    workers: Array.from({ length: scenario.workers }, () => ({ speed: Math.exp(scenario.speedSigma * luck.normal()) })),
    realMs: (unit) => realMs(unit, real),
    pullMs: PULL_MS,
  })
  return { over: outcome.durationMs / lowerBound(real, scenario.workers), portions: outcome.portions, runs: outcome.runs }
}

function suite(real: readonly number[], { noise, unknown, testsKnown }: Scenario, luck: Chance): TestFile[] {
  const guesses = real.map((ms) => ({ ms: ms * noise(luck), isMeasured: luck.uniform() >= unknown }))
  const known = guesses.filter(({ isMeasured }) => isMeasured).map(({ ms }) => ms)
  const [usualMs, longMs] = [quantile(known, 0.5), quantile(known, 0.95)]
  return guesses.map(({ ms, isMeasured }, i) => ({
    id: String(i),
    project: '',
    path: `${i % 40}/${i}.test.ts`,
    tags: [],
    priority: 0,
    durationMs: isMeasured ? ms : usualMs,
    highMs: isMeasured ? ms : longMs,
    isMeasured,
    tests:
      isMeasured && testsKnown
        ? Array.from({ length: TESTS }, (_, t) => ({ name: `t${t}`, durationMs: Math.max(0, ms - FIXED_MS) / TESTS }))
        : [],
  }))
}

/** A part takes its share of the tests' time, and the fixed time once more. */
function realMs({ file, tests }: PullUnit, real: readonly number[]): number {
  const whole = real[Number(file.id)]!
  if (!tests) return whole
  const fixed = Math.min(FIXED_MS, whole)
  return fixed + ((whole - fixed) * tests.length) / TESTS
}
