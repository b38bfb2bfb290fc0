import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HostProfile } from '../../contracts/profiles.ts'
import type { Driver } from '../driver.ts'
import { type HostOptions, openHost } from '../host-process.ts'
import { hostFlags } from './host-flags.ts'

export interface NodeDriverOptions extends HostOptions {
  /** Absolute path of the host's program. */
  entry?: string
}

const HOST_ENTRY = fileURLToPath(new URL(`../inside/host${extname(import.meta.url)}`, import.meta.url))

/** Hosts of Node: test files run in them. */
export function nodeDriver(options: NodeDriverOptions = {}): Driver<HostProfile> {
  const { entry = HOST_ENTRY, ...rest } = options
  return {
    environment: 'node',
    open: (profile, seat) =>
      openHost(
        {
          command: profile.nodePath,
          args: [...profile.execArgv, ...hostFlags(profile.execArgv, profile.env['NODE_OPTIONS']), entry],
          env: profile.env,
          cwd: profile.cwd,
          boot: {
            kind: 'boot',
            hostId: seat.hostId,
            address: seat.address,
            cacheDir: profile.cacheDir,
            root: profile.root,
            vitestPackage: profile.vitestPackage,
            preload: profile.preload,
          },
          about: `A host for ${profile.root}`,
          hint: `Try \`${[profile.nodePath, ...profile.execArgv, '--version'].join(' ')}\` in ${profile.cwd}.`,
          isReclaiming: false,
        },
        seat,
        rest,
      ),
  }
}
