/** One line of the table. */
export interface Figure {
  title: string
  /** As it is shown, with its unit. */
  shown: string
  value: number
  /** null: shown beside the others. */
  target: { atMost: number } | null
}

export const verdictOf = ({ value, target }: Figure) =>
  target === null ? 'shown' : value <= target.atMost ? 'reached' : 'MISSED'

export const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`
export const megabytes = (bytes: number) => `${Math.round(bytes / 1_048_576)} MB`

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
