import type { Container } from '../../contracts/workflow/container.ts'
import type { Clock } from '../../system/clock.ts'
import type { Docker, ImageInfo } from './engine.ts'

/** What sites of one execution have in common. */
export interface World {
  docker: Docker
  clock: Clock
  /** Of all names. */
  prefix: string
  labels: Readonly<Record<string, string>>
  /** Name of the network, which is made when it is first needed. @throws EverwarmError SITE_FAILED */
  network(): Promise<string>
  /** Names of claims that units of the execution have made. */
  claims: Set<string>
  /** Makes a volume that lives as long as the execution, once. */
  makeVolume(name: string): Promise<unknown>
  /** @throws EverwarmError FIELD_UNSUPPORTED: none is given; IMAGE_UNAVAILABLE */
  image(container: Container): Promise<ImageInfo>
  /** Whether this process reaches addresses of containers. */
  isNear(): Promise<boolean>
}
