/** Chance that is the same on every machine (mulberry32): a missed figure can be looked at again. */
export interface Chance {
  /** 0 ≤ x < 1. */
  uniform(): number
  normal(): number
}

export function chance(seed: number): Chance {
  let state = seed | 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(uniform() || 1e-9)) * Math.cos(2 * Math.PI * uniform()) }
}

/** Durations of test files as suites have them, ms: lognormal, median 6 s, sigma 1.2, at most ten minutes. */
export function heavyTailed(count: number, { normal }: Chance): number[] {
  return Array.from({ length: count }, () => Math.min(600_000, 6_000 * Math.exp(1.2 * normal())))
}
