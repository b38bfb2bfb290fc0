import { open } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import type { FrontRequest } from '../../contracts/front-door.ts'
import { parseRunArgs, type RunOptions } from '../../environments/inside/libtest/options.ts'
import { RUN_HELP, runVersion } from '../../environments/inside/libtest/help.ts'
import { onPath } from '../../system/programs.ts'
import type { FrontAnswer } from './front-door.ts'
import { packageVersion } from './version.ts'

const SCRIPTS: readonly string[] = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']

/**
 * `everwarm run INPUT`: wasm is run by a warm host; programs of this machine and bundles of JavaScript, which would gain nothing by it, by the client itself.
 */
export async function runCommand({ args, cwd, env }: FrontRequest): Promise<FrontAnswer> {
  const parsed = parseRunArgs(args, env)
  if (parsed.kind === 'help') return { do: 'print', text: RUN_HELP }
  if (parsed.kind === 'version') return { do: 'print', text: runVersion(packageVersion()) }
  if (parsed.kind === 'wrong') return { do: 'fail', code: parsed.code, text: `${parsed.text}\n` }
  const { options } = parsed
  const path = resolve(cwd, options.input)
  if (SCRIPTS.includes(extname(path))) return exec(process.execPath, '--enable-source-maps', path, ...options.rest)
  if (!(await isWasm(path))) return exec(path, ...options.rest)
  return options.runtime === 'wasmtime' ? inWasmtime(path, options, env) : lease()
}

function lease(): FrontAnswer {
  return { do: 'lease', profile: { environment: 'wasm', nodePath: process.execPath } }
}

const exec = (...program: [string, ...string[]]): FrontAnswer => ({ do: 'exec', program })

/** By its first bytes; what cannot be read is left to the system, which says why. */
async function isWasm(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null)
  if (!file) return path.endsWith('.wasm')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && buffer.toString('latin1') === '\0asm'
  } finally {
    await file.close()
  }
}

function inWasmtime(path: string, { rest }: RunOptions, env: FrontRequest['env']): FrontAnswer {
  const program = onPath('wasmtime', env)
  if (program) return exec(program, 'run', '--dir=.', ...Object.keys(env).flatMap((name) => ['--env', name]), path, ...rest)
  const text =
    'everwarm: ENVIRONMENT_UNAVAILABLE: There is no wasmtime on the PATH.\neverwarm: Install it, or run without `--runtime wasmtime`.\n'
  return { do: 'fail', code: 1, text }
}
