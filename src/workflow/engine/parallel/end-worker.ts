import { errorFromData } from '../../../contracts/errors.ts'
import { ofField } from '../../expressions/expression-error.ts'
import { STATUS_ALIASES } from '../../expressions/status-scope.ts'
import { isTrue, type Value } from '../../expressions/values.ts'
import { expressionValue, knownScope } from '../../field-expressions.ts'
import type { WorkerPlace } from '../../matrix.ts'
import { isSuccess, type StepStatus } from '../../status.ts'
import { workerNames } from '../../worker-scope.ts'
import { shownAt } from '../field-errors.ts'
import type { OperationContext } from '../operation.ts'
import type { Crew } from './crew.ts'
import type { Worker, WorkerEnd } from './worker.ts'
import { fetchFiles } from './worker-files.ts'

type Context = OperationContext<'parallel'>

/** Files come back and logs are kept whatever has become of it; what fails here is a warning. @returns its log, if it is kept */
export async function endWorker(
  context: Context,
  crew: Crew,
  worker: Worker | undefined,
  place: WorkerPlace,
  end: WorkerEnd,
): Promise<string | undefined> {
  if (!worker) return undefined
  const { unit, node } = context
  const { logs } = node.operation.parallel
  const warn = (what?: string) => (error: unknown) =>
    unit.engine.warn(
      unit.options.path,
      node.ref,
      errorFromData(error).code,
      [`Worker ${place.index}`, ...(what === undefined ? [] : [what]), shownAt(error, node, unit.engine).message].join(': '),
    )
  try {
    // Who has had nothing to do has nothing to bring.
    if (!worker.isIdle) await fetchFiles(context, crew, worker, warn())
  } catch (error) {
    // What it was to bring back is missing: its step cannot pass.
    warn('its files could not be fetched')(error)
    if (isSuccess(end.status)) Object.assign(end, { status: 'failed', error: shownAt(error, node, unit.engine) })
  }
  const isKept = logs === undefined || isWanted(logs, place, end.status, warn('logs'))
  await Promise.all(worker.units.map(({ log }) => log.close(isKept)))
  await worker.site.close().catch(warn('what it has left could not be removed'))
  return isKept ? worker.units.find(({ log }) => log.name)?.log.name : undefined
}

function isWanted(expression: string | boolean, place: WorkerPlace, status: StepStatus, warn: (error: unknown) => void): boolean {
  try {
    const scopes = [knownScope({ ...workerNames(place), status }), STATUS_ALIASES]
    const value = expressionValue(String(expression), scopes)
    if (value === undefined) warn(new Error(`something in \`${expression}\` is not known; they are kept.`))
    return isTrue((value ?? true) as Value)
  } catch (error) {
    warn(ofField(error, 'logs', String(expression)))
    return true
  }
}
