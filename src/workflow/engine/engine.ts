import { createHash } from 'node:crypto'
import type { WorkflowHappening } from '../../contracts/workflow/events.ts'
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
  /** ISO time at which it began. */
  readonly scheduledAt: string
  warn(unit: string, ref: string | undefined, code: string, message: string): void
}

export function newEngine(
  options: WorkflowRunOptions,
  { room, scratch, perform }: Pick<Engine, 'room' | 'scratch' | 'perform'>,
): Engine {
  const { prepared: _prepared, source: _source, clock = systemClock, tell, masks, ...rest } = options
  return {
    ...rest,
    tell,
    masks,
    clock,
    room,
    scratch,
    perform,
    units: new Map(),
    background: new Set(),
    scheduledAt: new Date().toISOString(),
    warn(unit, ref, code, message) {
      const warning: WorkflowHappening = { type: 'warning', unit, code, message: masks.text(message) }
      tell(ref === undefined ? warning : { ...warning, ref })
    },
  }
}

/** A unit further inside. */
export const innerPath = (unit: string, ref: string, index: number) => `${unit === '' ? '' : `${unit}/`}${ref}.${index}`

/** The id of a unit's site: lower-case letters, digits and `-`, at most 40 characters. */
export function siteId(unit: string): string {
  if (unit === '') return 'main'
  const id = unit.replaceAll(/[^a-z0-9]/g, '-')
  return id.length <= 40 ? id : `${id.slice(0, 27)}-${createHash('sha256').update(unit).digest('hex').slice(0, 12)}`
}
