import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserProfile } from '../../contracts/profiles.ts'
import type { Driver } from '../driver.ts'
import { folderBeside, helperHost } from '../helper-host.ts'
import { type HostOptions, openHost } from '../host-process.ts'
import { removeFolder } from './folder.ts'

const HOST_ENTRY = fileURLToPath(new URL(`./chromium-host${extname(import.meta.url)}`, import.meta.url))

/** Chromium, Chrome and Edge: a host that started one and lends its DevTools pipe, see `chromium-host.ts`. */
export function chromiumDriver(options: HostOptions = {}): Driver<BrowserProfile> {
  return {
    environment: 'chromium',
    open({ command, args, env, cwd }, seat) {
      const folder = folderBeside(seat.address)
      return openHost(
        {
          ...helperHost(HOST_ENTRY),
          boot: { kind: 'boot-browser', address: seat.address, command, args, env, cwd, folder },
          about: `The browser ${command}`,
          hint: `Try \`${command} --version\`, or run once with EVERWARM=0 to see what Playwright says.`,
          onGone: () => removeFolder(folder),
        },
        seat,
        options,
      )
    },
  }
}
