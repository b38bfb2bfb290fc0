import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LentBrowserProfile } from '../../../contracts/profiles.ts'
import type { Driver } from '../../driver.ts'
import { folderBeside, helperHost } from '../../helper-host.ts'
import { type HostOptions, openHost } from '../../host-process.ts'
import { removeFolder } from '../folder.ts'

const HOST_ENTRY = fileURLToPath(new URL(`./host${extname(import.meta.url)}`, import.meta.url))
/** A driver with its browser may take as long on a busy machine: 10 s were seen for Firefox. */
const START_MS = 60_000

/** Browsers whose contexts or sessions are lent to any program, see `host.ts`. */
export function lendingDriver({ startTimeoutMs = START_MS, ...options }: HostOptions = {}): Driver<LentBrowserProfile> {
  return {
    environment: 'browser',
    open({ environment: _, ...profile }, seat) {
      const folder = folderBeside(seat.address)
      return openHost(
        {
          ...helperHost(HOST_ENTRY),
          boot: { kind: 'boot-lending', address: seat.address, folder, ...profile },
          about: `${profile.name} by ${profile.driver} (${profile.driverCommand || profile.command})`,
          hint: `Try \`${profile.command} --version\`; \`everwarm lease --list\` shows what is here.`,
          onGone: () => removeFolder(folder),
        },
        seat,
        { startTimeoutMs, ...options },
      )
    },
  }
}
