import type { Environment, ProfileOf } from '../contracts/profiles.ts'
import type { Driver } from './driver.ts'

/** One driver that opens each profile with the driver of its environment. */
export function driverFor(drivers: { [E in Environment]: Driver<ProfileOf<E>> }): Driver {
  return {
    environment: 'any',
    open: (profile, seat) => (drivers[profile.environment] as Driver).open(profile, seat),
  }
}
