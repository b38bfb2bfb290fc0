import { EverwarmError } from '../../contracts/errors.ts'

const POWERS = ['', 'k', 'M', 'G', 'T', 'P', 'E']
const FACTORS = new Map([
  ...['n', 'u', 'm'].map((unit, i) => [unit, 1_000 ** (i - 3)] as const),
  ...POWERS.map((unit, i) => [unit, 1_000 ** i] as const),
  ...POWERS.slice(1).map((unit, i) => [`${unit.toUpperCase()}i`, 1_024 ** (i + 1)] as const),
])

/**
 * A quantity of Kubernetes as a number: `500m` is 0.5, `1Gi` is 1073741824.
 * @throws EverwarmError FIELD_UNSUPPORTED
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantity(text: string, field: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(text.trim())
  const value = match ? Number(match[1]) * (match[3] ? 10 ** Number(match[3]) : FACTORS.get(match[2] ?? '')!) : Number.NaN
  if (Number.isFinite(value) && value >= 0) return value
  throw new EverwarmError('FIELD_UNSUPPORTED', {
    message: `${field}: "${text}" is no quantity.`,
    hint: 'Write cpu as `500m` or `2`, memory as `512Mi` or `1Gi`.',
  })
}
