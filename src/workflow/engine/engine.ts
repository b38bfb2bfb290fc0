import { createHash } from 'node:crypto'
import type { WorkflowHappening } from '../../contracts/workflow/events.ts'
import { maskValues } from '../../content/mask-values.ts'
import type { ExecutionRoom } from '../../executors/executor.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import type { WorkflowRunOptions } from './engine-types.ts'
import type { AnyOperation, OperationEnd } from './operation.ts'
import type { Scratch } from './scratch.ts'
import type { Unit } from './unit.ts'

/** What all units of one execution share. */
export interface Engine extends Omit<WorkflowRunOptions, 'prepared' | 'source' | 'clock'> {
  readonly clock: Clock
  readonly room: ExecutionRoom
  /** Runs one operation to its end. Never rejects. */
  readonly perform: (operation: AnyOperation) => Promise<OperationEnd>
  /** Those that run, by their path; the workflow itself is `''`. */
  readonly units: Map<string, Unit>
  readonly scratch: Scratch
  /** What `execute` has begun and does not wait for. */
  readonly background: Set<Promise<unknown>>
  /** How often a site of this name has been asked for: what is tried again gets one of its own. */
  readonly sitesOf: Map<string, number>
  /** ISO time at which it began. */
  readonly scheduledAt: string
  warn(unit: string, ref: string | undefined, code: string, message: string): void
}

/** Output and messages are masked where they come from; names and paths may have values of sensitive parameters in them. */
const TEXTS_OF_DOCUMENT: ReadonlySet<WorkflowHappening['type']> = new Set(['unit', 'artifact', 'report', 'service', 'error'])

export function newEngine(
  options: WorkflowRunOptions,
  { room, scratch, perform }: Pick<Engine, 'room' | 'scratch' | 'perform'>,
): Engine {
  const { prepared: _prepared, source: _source, clock = systemClock, tell, masks, ...rest } = options
  return {
    ...rest,
    tell: (event) => tell(TEXTS_OF_DOCUMENT.has(event.type) ? maskValues(event, masks) : event),
    masks,
    clock,
    room,
    scratch,
    perform,
    units: new Map(),
    background: new Set(),
    sitesOf: new Map(),
    scheduledAt: new Date().toISOString(),
    warn(unit, ref, code, message) {
      const warning: WorkflowHappening = { type: 'warning', unit, code, message: masks.text(message) }
      tell(ref === undefined ? warning : { ...warning, ref })
    },
  }
}

/** A unit further inside. */
export const innerPath = (unit: string, ref: string, index: number) => `${unit === '' ? '' : `${unit}/`}${ref}.${index}`

/** Id of the site of the workflow itself. */
export const MAIN_SITE = 'main'

/** A new id for a unit's site: lower-case letters, digits and `-`, at most 40 characters; another one each time it is asked for. */
export function newSiteId({ sitesOf }: Pick<Engine, 'sitesOf'>, unit: string): string {
  const times = (sitesOf.get(unit) ?? 0) + 1
  sitesOf.set(unit, times)
  // What an earlier attempt had may still be going away, and must not be taken for this one.
  const whole = `${unit === '' ? MAIN_SITE : unit}${times > 1 ? `-t${times}` : ''}`
  const id = whole.replaceAll(/[^a-z0-9]/g, '-')
  return id.length <= 40 ? id : `${id.slice(0, 27)}-${createHash('sha256').update(whole).digest('hex').slice(0, 12)}`
}
