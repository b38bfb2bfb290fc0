import { EverwarmError } from '../../contracts/errors.ts'
import type { WorkflowRunOptions } from './engine-types.ts'
import { shownAt } from './field-errors.ts'
import { missingSecrets } from './needed-secrets.ts'

const MOST_TOLD = 10
const MOST_VARIABLES = 3

/**
 * Before anything starts: all secrets that the workflow certainly needs, and that nobody has given.
 * @throws EverwarmError SECRET_UNKNOWN
 */
export function checkSecrets({
  prepared,
  known,
  executor,
  secrets,
  masks,
}: Pick<WorkflowRunOptions, 'prepared' | 'known' | 'executor' | 'secrets' | 'masks'>): void {
  const found = [...missingSecrets(prepared.plan, { secrets, isCluster: executor.name === 'kubernetes' })]
  const told = [...new Set(found.map(({ node, error }) => shownAt(error, node, { known, masks }).message))]
  if (told.length === 0) return
  const variables = [...new Set(found.flatMap(({ variable }) => variable ?? []))].slice(0, MOST_VARIABLES)
  const more = told.length > MOST_TOLD ? ` And ${told.length - MOST_TOLD} more.` : ''
  throw new EverwarmError('SECRET_UNKNOWN', {
    message: `${told.slice(0, MOST_TOLD).join('\n')}${more}`,
    hint: `Give them in the file of \`--secrets\`${variables.length > 0 ? `, or as ${variables.join(', ')}` : ''}; see docs/workflow-run.md.`,
  })
}
