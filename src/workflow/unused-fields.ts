import type { Workflow } from '../contracts/workflow/document.ts'
import type { Path } from './fault.ts'
import { isMapLike } from './schema-walk.ts'

interface Unused {
  path: Path
  message: string
  hint: string
}

/** Fields of the language that nothing here acts upon, whatever executor: said when a workflow is checked. */
export function unusedFields({ spec }: Workflow): Unused[] {
  const found: Unused[] = []
  const visit = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) return value.forEach((item, i) => visit(item, [...path, i]))
    if (!isMapLike(value)) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'target' && (path.at(-1) === 'execution' || path.at(-2) === 'workflows'))
        found.push({
          path: [...path, key],
          message: 'An execution runs where it is begun.',
          hint: 'Say it with --executor, --context and --namespace.',
        })
      else if (key === 'silent' && path.at(-1) === 'execution')
        found.push({ path: [...path, key], message: 'There are no notifications.', hint: 'Leave it out.' })
      else if (key === 'events' && Array.isArray(inner) && inner.length > 0 && isWorkflow(path))
        found.push({
          path: [...path, key],
          message: 'Nothing begins a workflow by itself.',
          hint: 'Let cron, or a CronJob of Kubernetes, run `everwarm workflow run`: see docs/kubernetes.md.',
        })
      // These hold anything; a `target` in them is none of ours.
      else if (!['pod', 'job', 'pvcs', 'matrix', 'shards', 'config'].includes(key)) visit(inner, [...path, key])
    }
  }
  visit(spec, ['spec'])
  return found
}

/** A worker of `parallel` is a whole workflow, too. */
const isWorkflow = (path: Path) => path.length === 1 || path.at(-1) === 'parallel'
