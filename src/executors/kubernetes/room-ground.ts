import type { Clock } from '../../system/clock.ts'
import type { ExecutionRequest } from '../executor.ts'
import type { Cluster } from './cluster.ts'
import type { PodWatch } from './pod-watch.ts'

/** What all sites of an execution have in common. */
export interface RoomGround {
  cluster: Cluster
  clock: Clock
  silenceMs: number
  execution: ExecutionRequest
  marks: Record<string, string>
  /** For where no image is named. */
  image: string | undefined
  /** One for each namespace, opened when it is asked for first. */
  watchOf(namespace: string): Promise<PodWatch>
}
