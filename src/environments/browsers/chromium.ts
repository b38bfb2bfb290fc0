import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserProfile } from '../../contracts/profiles.ts'
import type { Driver } from '../driver.ts'
import { type HostOptions, openHost } from '../host-process.ts'
import { removeFolder } from './folder.ts'

const HOST_ENTRY = fileURLToPath(new URL(`./chromium-host${extname(import.meta.url)}`, import.meta.url))
/** The host only moves bytes and must stay small: it stands beside every warm browser. */
const HOST_FLAGS = ['--max-semi-space-size=4', '--single-threaded']

/** Chromium, Chrome and Edge: a host that started one and lends its DevTools pipe, see `chromium-host.ts`. */
export function chromiumDriver(options: HostOptions = {}): Driver<BrowserProfile> {
  return {
    environment: 'chromium',
    open({ command, args, env, cwd }, seat) {
      const folder = seat.address.replace(/(?:\.sock)?$/, '.d')
      return openHost(
        {
          command: process.execPath,
          args: [...HOST_FLAGS, HOST_ENTRY],
          // The environment of its client is the browser's; NODE_OPTIONS and the like are not for the host.
          env: { PATH: process.env.PATH ?? '' },
          cwd: '/',
          boot: { kind: 'boot-browser', address: seat.address, command, args, env, cwd, folder },
          about: `The browser ${command}`,
          hint: `Try \`${command} --version\`, or run once with EVERWARM=0 to see what Playwright says.`,
          isReclaiming: true,
          onGone: () => removeFolder(folder),
        },
        seat,
        options,
      )
    },
  }
}
