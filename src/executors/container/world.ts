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
  /** @throws EverwarmError FIELD_UNSUPPORTED: none is given; IMAGE_UNAVAILABLE */
  image(container: Container): Promise<ImageInfo>
  /** Whether this process reaches addresses of containers. */
  isNear(): Promise<boolean>
}
