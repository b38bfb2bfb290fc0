import type { SiteService } from '../../../executors/executor.ts'
import type { LogFile } from '../engine-types.ts'

/** One instance that has been begun. */
export interface Instance {
  name: string
  index: number
  count: number
  service: SiteService
  /** It has been said that it did not become ready. */
  hasFailed?: boolean
  /** Ends its log. */
  log: { end(): void; file(): LogFile | undefined }
}

/** For messages. */
export const instanceTitle = ({ name, index, count }: Pick<Instance, 'name' | 'index' | 'count'>) =>
  `The service "${name}"${count === 1 ? '' : ` #${index}`}`

export const OUTPUT_HINT = 'Its output says why; `logs: always` keeps it in a file of its own, too.'

/** The services of a step, from their start to their stop: by the unit and the step's ref. */
const groups = new WeakMap<object, Map<string, Instance[]>>()

export function groupOf(unit: object, group: string): Instance[] {
  let all = groups.get(unit)
  if (!all) groups.set(unit, (all = new Map()))
  let instances = all.get(group)
  if (!instances) all.set(group, (instances = []))
  return instances
}
