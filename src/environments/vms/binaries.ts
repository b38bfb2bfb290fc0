import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { isProgram, onPath } from '../../system/programs.ts'
import type { Env } from '../../system/settings.ts'
import type { Runtime } from './runtime-names.ts'

interface Origin {
  /** The package that a project installs; the packages of platforms are its optional dependencies. */
  package: string
  /** The package of this platform, best first, and the program in it. */
  platforms(platform: string, arch: string): [name: string, program: string][]
  /** Where the program is after an install script ran, in the package itself. */
  moved?: string
}

/** As of bun 1.4, deno 2.9, workerd 1.20261117; read in `optionalDependencies` and in their install scripts. */
const ORIGINS: Record<Exclude<Runtime, 'node'>, Origin> = {
  bun: {
    package: 'bun',
    platforms(platform, arch) {
      const os = platform === 'win32' ? 'windows' : platform
      const cpu = arch === 'arm64' ? 'aarch64' : arch
      const program = platform === 'win32' ? 'bin/bun.exe' : 'bin/bun'
      return ['', '-musl', '-baseline'].map((kind) => [`@oven/bun-${os}-${cpu}${kind}`, program])
    },
    // the name ends so on every system
    moved: 'bin/bun.exe',
  },
  deno: {
    package: 'deno',
    platforms: (platform, arch) => [
      [`@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`, platform === 'win32' ? 'deno.exe' : 'deno'],
    ],
  },
  workerd: {
    package: 'workerd',
    platforms: (platform, arch) => [
      [
        `@cloudflare/workerd-${platform === 'win32' ? 'windows' : platform}-${arch === 'x64' ? '64' : arch}`,
        platform === 'win32' ? 'bin/workerd.exe' : 'bin/workerd',
      ],
    ],
  },
}

export interface SearchOptions {
  /** The folder of the project that the runtime is for. */
  root: string
  env: Env
  platform?: string
  arch?: string
}

/** `EVERWARM_BUN`, `EVERWARM_DENO`, `EVERWARM_WORKERD`, `EVERWARM_NODE`: the path of a program. */
export const variableOf = (runtime: Runtime): string => `EVERWARM_${runtime.toUpperCase()}`

/**
 * The program of a runtime: that of its variable, of the project's packages, of PATH; for Node the one that runs this, before PATH.
 * Never the `bin` of a package: that of deno is a script of Node, and that of bun does nothing until its install script ran.
 * @throws EverwarmError ENVIRONMENT_UNAVAILABLE, CONFIG_INVALID for a variable that names no program
 */
export function findRuntime(runtime: Runtime, options: SearchOptions): string {
  const variable = variableOf(runtime)
  const given = options.env[variable]?.trim()
  if (given) {
    if (isProgram(given)) return given
    throw new EverwarmError('CONFIG_INVALID', {
      message: `${variable} names ${given}, which is no program.`,
      hint: `Correct it, or unset it: \`unset ${variable}\`.`,
    })
  }
  if (runtime === 'node') return process.execPath
  const { platform = process.platform } = options
  // On PATH may stand the shims of packages, too: a text is not what is looked for.
  const found =
    inPackages(ORIGINS[runtime], options) ?? onPath(platform === 'win32' ? `${runtime}.exe` : runtime, options.env, isLarge)
  if (found) return found
  throw new EverwarmError('ENVIRONMENT_UNAVAILABLE', {
    message: `${runtime} is neither installed in ${options.root} nor on PATH.`,
    hint: `Run \`npm install --save-dev ${runtime}\` (its install script is not needed), or set ${variable} to its path.`,
  })
}

function inPackages(
  origin: Origin,
  { root, platform = process.platform, arch = process.arch }: SearchOptions,
): string | undefined {
  const folder = folderOf(origin.package, root)
  // Packages of platforms stand beside the package that needs them, which need not be in the project's own reach.
  const places = folder === undefined ? [root] : [folder, root]
  for (const [name, program] of origin.platforms(platform, arch))
    for (const place of places) {
      const own = folderOf(name, place)
      if (own !== undefined && isProgram(join(own, program))) return join(own, program)
    }
  const moved = folder !== undefined && origin.moved !== undefined ? join(folder, origin.moved) : undefined
  return moved !== undefined && isLarge(moved) ? moved : undefined
}

function folderOf(name: string, from: string): string | undefined {
  try {
    return dirname(createRequire(join(from, 'package.json')).resolve(`${name}/package.json`))
  } catch {
    // Not installed there.
    return undefined
  }
}

/** The stubs that wait for an install script are programs of a few bytes. */
function isLarge(path: string): boolean {
  return isProgram(path) && statSync(path).size > 1_000_000
}
