import { rmSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ApiProfile } from '../../contracts/profiles.ts'
import type { Driver } from '../driver.ts'
import { folderBeside, helperHost, ownEnv } from '../helper-host.ts'
import { type HostOptions, openHost } from '../host-process.ts'

const HOST_ENTRY = fileURLToPath(new URL(`./host${extname(import.meta.url)}`, import.meta.url))

/** Hosts that keep connections to servers open, for many clients at once: `host.ts`. */
export function apiDriver(options: HostOptions = {}): Driver<ApiProfile> {
  return {
    environment: 'api',
    open({ env }, seat) {
      const folder = folderBeside(seat.address)
      return openHost(
        {
          ...helperHost(HOST_ENTRY),
          env: { ...env, ...ownEnv() },
          boot: { kind: 'boot-api', address: seat.address, folder },
          about: 'The host of connections',
          hint: 'Requests go on without it; see daemon.log.',
          onGone: () => rmSync(folder, { recursive: true, force: true }),
        },
        seat,
        options,
      )
    },
  }
}
