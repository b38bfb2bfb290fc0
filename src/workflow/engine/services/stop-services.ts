import { expressionValue, knownScope } from '../../field-expressions.ts'
import { isTrue, type Value } from '../../expressions/values.ts'
import { STATUS_ALIASES } from '../../expressions/status-scope.ts'
import { FieldError, ofField } from '../../expressions/expression-error.ts'
import { shownAt } from '../field-errors.ts'
import { type OperationContext, type OperationEnd, PASSED } from '../operation.ts'
import { groupOf, type Instance, instanceTitle, OUTPUT_HINT } from './service-group.ts'

type Context = OperationContext<'services-stop'>

/** Looks at the health of all, keeps the logs that are wanted, and ends all. Fails if one was not healthy. */
export async function stopServices(context: Context): Promise<OperationEnd> {
  const { unit, node } = context
  const instances = groupOf(unit, node.operation.group).splice(0)
  const sick = (await Promise.all(instances.map((instance) => stop(context, instance)))).filter((one) => one !== undefined)
  for (const name of new Set(instances.map(({ name }) => name))) unit.facts.services.delete(name)
  if (sick.length === 0) return PASSED
  const path = only(sick) === undefined ? 'services' : `services.${only(sick)}`
  const message = sick
    .map(({ instance, faults }) => `${instanceTitle(instance)} was not healthy: ${faults.join(', ')}.`)
    .join(' ')
  const error = new FieldError('SERVICE_FAILED', { path, message, hint: OUTPUT_HINT })
  return { exitCode: 1, error: shownAt(error, node, unit.engine) }
}

interface Sick {
  instance: Instance
  faults: readonly string[]
}

/** The service of all of them, if it is one. */
function only(sick: readonly Sick[]): string | undefined {
  const names = new Set(sick.map(({ instance }) => instance.name))
  return names.size === 1 ? sick[0]!.instance.name : undefined
}

/** @returns what was wrong with it, if anything that has not been said */
async function stop(context: Context, instance: Instance): Promise<Sick | undefined> {
  const { unit, node } = context
  const { name, index, service, log } = instance
  const { engine, options } = unit
  let faults: readonly string[] = []
  try {
    faults = (await service.health()).faults
  } catch (error) {
    engine.warn(
      options.path,
      node.ref,
      'SERVICE_FAILED',
      `${instanceTitle(instance)}: its health cannot be known: ${(error as Error).message}`,
    )
  }
  try {
    await service.close()
  } catch (error) {
    engine.warn(
      options.path,
      node.ref,
      'SITE_FAILED',
      `${instanceTitle(instance)} could not be removed: ${(error as Error).message}`,
    )
  }
  log.end()
  await log.file()?.close(isKept(context, instance, faults.length === 0 && !instance.hasFailed))
  const isSick = faults.length > 0 && !instance.hasFailed
  engine.tell({
    type: 'service',
    unit: options.path,
    ref: node.ref,
    name,
    index,
    status: isSick ? 'failed' : 'stopped',
  })
  return isSick ? { instance, faults } : undefined
}

function isKept({ unit, node }: Context, { name, index, count }: Instance, isHealthy: boolean): boolean {
  const expression = node.operation.logs[name]
  if (expression === undefined) return false
  const scopes = [knownScope({ index, count, status: isHealthy ? 'passed' : 'failed' }), STATUS_ALIASES]
  try {
    return isTrue((expressionValue(expression, scopes) ?? true) as Value)
  } catch (error) {
    unit.engine.warn(
      unit.options.path,
      node.ref,
      'EXPRESSION_FAILED',
      shownAt(ofField(error, `services.${name}.logs`, expression), node, unit.engine).message,
    )
    return true
  }
}
