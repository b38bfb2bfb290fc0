import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ResidentProfile } from '../../contracts/profiles.ts'
import type { Driver } from '../driver.ts'
import { type HostOptions, openHost } from '../host-process.ts'

const ENTRY = fileURLToPath(new URL(`./program${extname(import.meta.url)}`, import.meta.url))

/** Vitests that have read their configuration and wait for the word to run; each serves one run, see `program.ts`. */
export function residentDriver(options: HostOptions = {}): Driver<ResidentProfile> {
  return {
    environment: 'vitest',
    open: ({ nodePath, env, cwd, vitestPackage, argv, terminals }, seat) =>
      openHost(
        {
          command: nodePath,
          args: [ENTRY],
          env,
          cwd,
          boot: { kind: 'boot-resident', address: seat.address, vitestPackage, argv, terminals },
          about: `A Vitest for ${cwd}`,
          hint: 'Run `npx vitest` there: it says what is wrong.',
          isReclaiming: false,
          isInputEmpty: true,
        },
        seat,
        // A configuration may do much; nobody waits for it.
        { startTimeoutMs: 60_000, ...options },
      ),
  }
}
