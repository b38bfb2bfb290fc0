import { EverwarmError } from '../../contracts/errors.ts'

const FACTORS: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
}

/**
 * A quantity of Kubernetes as a number: `500m` is 0.5, `1Gi` is 1073741824.
 * @throws EverwarmError FIELD_UNSUPPORTED
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantity(text: string, field: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(text.trim())
  const value = match ? Number(match[1]) * (match[3] ? 10 ** Number(match[3]) : FACTORS[match[2] ?? '']!) : Number.NaN
  if (Number.isFinite(value) && value >= 0) return value
  throw new EverwarmError('FIELD_UNSUPPORTED', {
    message: `${field}: "${text}" is no quantity.`,
    hint: 'Write cpu as `500m` or `2`, memory as `512Mi` or `1Gi`.',
  })
}
