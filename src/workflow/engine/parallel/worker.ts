import type { ErrorData } from '../../../contracts/errors.ts'
import type { Site } from '../../../executors/executor.ts'
import type { WorkerPlace } from '../../matrix.ts'
import type { StepStatus } from '../../status.ts'
import type { Unit } from '../unit.ts'
import type { WorkerParts } from './worker-parts.ts'

export interface Worker {
  path: string
  place: WorkerPlace
  site: Site
  parts: WorkerParts
  names: Record<string, unknown>
  /** Those that it has run, for their logs. */
  units: Unit[]
  /** It pulls items, and has had none so far. */
  isIdle: boolean
}

export interface WorkerEnd {
  status: StepStatus
  error?: ErrorData
  /** Of one that has failed. */
  description?: string
}
