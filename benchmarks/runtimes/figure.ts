/** One line of the table. */
export interface Figure {
  title: string
  ours: string
  against: string
  value: number
  unit: 'ratio' | 'ms' | 'MB' | ''
  /** null: shown beside the others. */
  atMost: number | null
}

export const ms = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
