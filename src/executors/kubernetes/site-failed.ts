import { EverwarmError } from '../../contracts/errors.ts'
import { saidBy, statusOf } from './cluster.ts'

/** What the API server did not make, as an error of ours; one of ours stays. */
export function siteFailed(name: string, cause: unknown): unknown {
  if (cause instanceof EverwarmError) return cause
  const isForbidden = statusOf(cause) === 403
  return new EverwarmError('SITE_FAILED', {
    message: `The cluster made no ${name}: ${saidBy(cause)}.`,
    hint: isForbidden ? 'Give this account the rights of deploy/kubernetes/role.yaml.' : 'See what the API server says of it.',
    cause,
  })
}
