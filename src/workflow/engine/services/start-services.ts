import { EverwarmError } from '../../../contracts/errors.ts'
import { newSiteId } from '../engine.ts'
import { type OperationContext, type OperationEnd, PASSED } from '../operation.ts'
import { below } from '../in-field.ts'
import { instancesOf } from '../places.ts'
import type { ServiceFacts } from '../unit-scopes.ts'
import { beginInstance } from './begin-instance.ts'
import { groupOf, type Instance } from './service-group.ts'

type Context = OperationContext<'services-start'>

/** All instances of all services at once; waits until all are ready. @throws EverwarmError SERVICE_FAILED, SERVICE_TIMEOUT */
export async function startServices(context: Context): Promise<OperationEnd> {
  const { unit, node } = context
  const { group, services } = node.operation
  const begun: Instance[] = []
  const own = new AbortController()
  const signal = AbortSignal.any([context.signal, own.signal])
  const instances = await Promise.all(
    Object.entries(services).map(async ([name, service]) => {
      const places = await below(`services.${name}`, () => instancesOf(context, service))
      unit.facts.services.set(name, Array.from<ServiceFacts>({ length: places.length }))
      return places.map((place) => ({ name, service, place }))
    }),
  )
  const all = instances.flat().map(({ name, service, place }) => {
    const id = newSiteId(unit.engine, `${unit.options.path || 'main'}-${group}-${name}-${place.index}`)
    return beginInstance(context, { name, service, place, id, signal, begun: (one) => void begun.push(one) })
  })
  try {
    // The first that fails ends the wait of the others.
    await Promise.all(all)
  } catch (error) {
    own.abort()
    await Promise.allSettled(all)
    throw error
  } finally {
    groupOf(unit, group).push(...begun)
  }
  if (context.signal.aborted)
    throw new EverwarmError('SERVICE_FAILED', { message: 'The step was given up before its services were ready.' })
  return PASSED
}
