import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChildProfile } from '../../contracts/profiles.ts'
import type { Driver } from '../driver.ts'
import { type HostOptions, openHost } from '../host-process.ts'

const ENTRY = fileURLToPath(new URL(`../inside/child/child${extname(import.meta.url)}`, import.meta.url))

/** How the program of a child is started; the flags of one runtime mean nothing to another. */
export function childArguments({ runtime, args }: Pick<ChildProfile, 'runtime' | 'args'>): string[] {
  return runtime === 'deno' ? ['run', '--allow-all', '--quiet', ...args, ENTRY] : [...args, ENTRY]
}

/** Processes of Node, bun and deno that each serve one worker of Vitest, see `inside/child/child.ts`. */
export function childDriver(options: HostOptions = {}): Driver<ChildProfile> {
  return {
    environment: 'vitest-child',
    open: (profile, seat) =>
      openHost(
        {
          command: profile.command,
          args: childArguments(profile),
          env: profile.env,
          cwd: profile.root,
          boot: { kind: 'boot-child', address: seat.address, vitestPackage: profile.vitestPackage },
          about: `A child in ${profile.runtime} for ${profile.root}`,
          hint: `Try \`${profile.command} --version\`.`,
          isReclaiming: false,
        },
        seat,
        options,
      ),
  }
}
