import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RuntimeProfile } from '../../contracts/profiles.ts'
import { removeFolder } from '../browsers/folder.ts'
import type { Driver } from '../driver.ts'
import { folderBeside, ownEnv } from '../helper-host.ts'
import { type HostOptions, openHost } from '../host-process.ts'

const ENTRY = fileURLToPath(new URL(`../inside/runtime/host${extname(import.meta.url)}`, import.meta.url))

/** Node, bun, deno and workerd: a host that lends contexts of them, see `inside/runtime/host.ts`. */
export function runtimeDriver(options: HostOptions = {}): Driver<RuntimeProfile> {
  return {
    environment: 'runtime',
    open({ runtime, command, env, cwd }, seat) {
      const folder = folderBeside(seat.address)
      // Threads are of the host's own runtime; what is a process beside it, a Node host looks after.
      const isOwn = runtime === 'node' || runtime === 'bun'
      return openHost(
        {
          command: isOwn ? command : process.execPath,
          args: [ENTRY],
          env: isOwn ? env : ownEnv(),
          cwd,
          boot: { kind: 'boot-runtime', address: seat.address, runtime, command, env, cwd, folder },
          about: `A host for ${runtime} in ${cwd}`,
          hint: `Try \`${command} --version\`.`,
          isReclaiming: true,
          onGone: () => removeFolder(folder),
        },
        seat,
        options,
      )
    },
  }
}
