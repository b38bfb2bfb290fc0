import { Transfer } from '../../../contracts/workflow/content.ts'
import { finalize } from '../../expressions/document.ts'
import { knownScope } from '../../field-expressions.ts'
import { rolesOf } from '../../field-roles.ts'
import type { WorkerPlace } from '../../matrix.ts'
import { workerNames } from '../../worker-scope.ts'
import type { OperationContext } from '../operation.ts'
import { linksOf } from '../left-out-links.ts'
import { below } from '../in-field.ts'
import { moveFiles } from '../transfers.ts'
import { operationScopes } from '../unit-scopes.ts'
import type { Crew } from './crew.ts'
import type { Worker } from './worker.ts'

type Context = OperationContext<'parallel'>

export async function giveFiles(context: Context, crew: Crew, { site, place }: Worker): Promise<void> {
  const { transfer = [] } = context.node.operation.parallel
  const links = linksOf(context)
  for (const { from, files, to = from } of await below('transfer', () => resolvedFor(context, place, transfer)))
    await crew.archives.give({
      from: context.unit.site.files,
      folder: from,
      patterns: files,
      to: site.files,
      toFolder: to,
      links,
    })
}

/** @param sameFile hears of each file that another worker has brought, too */
export async function fetchFiles(
  context: Context,
  crew: Crew,
  { site, place }: Worker,
  sameFile: (fault: Error) => void,
): Promise<void> {
  const { unit } = context
  const links = linksOf(context)
  for (const { from, files, to = from } of await fetched(context, place)) {
    const move = { from: site.files, folder: from, patterns: files, to: unit.site.files, toFolder: to, links }
    for (const other of await crew.fetched.note(place.index, move)) sameFile(other)
    await moveFiles(move)
  }
}

const fetched = (context: Context, place: WorkerPlace) =>
  below('fetch', () => resolvedFor(context, place, context.node.operation.parallel.fetch ?? []))

/** Fields of the step that are about one worker. */
function resolvedFor<T>(context: Context, place: WorkerPlace, value: T): Promise<T> {
  if (Array.isArray(value) && value.length === 0) return Promise.resolve(value)
  return context.unit.looking.at(() =>
    finalize(value, { items: rolesOf(Transfer) }, [knownScope(workerNames(place)), ...operationScopes(context)]),
  )
}
