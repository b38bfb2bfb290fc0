import type { RuntimeProfile } from '../../contracts/profiles.ts'
import type { Driver } from '../driver.ts'
import { type HostOptions, openHost } from '../host-process.ts'

export function runtimeDriver(options: HostOptions = {}): Driver<RuntimeProfile> {
  return {
    environment: 'runtime',
    open: (profile, seat) => openHost({} as never, seat, options),
  }
}
