import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EverwarmError } from '../../../contracts/errors.ts'
import { spawnProcess } from '../../../system/spawn.ts'
import { engine, type WasmModule } from './engine.ts'

/** What `wasm-bindgen` makes of a module: JavaScript around it, and the module without what it has read. */
export interface BindgenGlue {
  code: string
  module: WasmModule
}

/** @throws EverwarmError ENVIRONMENT_UNAVAILABLE: no `wasm-bindgen`, or one of another version than the crate's */
export async function makeGlue(path: string, env: Readonly<Record<string, string>>): Promise<BindgenGlue> {
  const folder = await mkdtemp(join(tmpdir(), 'everwarm-glue-'))
  try {
    await bindgen(['--target', 'nodejs', '--keep-debug', '--out-dir', folder, '--out-name', 'glue', path], env)
    const [code, bytes] = await Promise.all([readFile(join(folder, 'glue.js'), 'utf8'), readFile(join(folder, 'glue_bg.wasm'))])
    return { code, module: await engine.compile(bytes) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function bindgen(args: string[], env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawnProcess('wasm-bindgen', args, { env: { PATH: env.PATH ?? '' }, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr!.on('data', (chunk) => (said += String(chunk)))
    child.once('error', (cause) =>
      reject(failed(`wasm-bindgen cannot be started (${(cause as NodeJS.ErrnoException).code})`, cause)),
    )
    child.once('close', (code) => (code === 0 ? resolve() : reject(failed(`wasm-bindgen ended with ${code}: ${said.trim()}`))))
  })
}

function failed(why: string, cause?: unknown): EverwarmError {
  return new EverwarmError('ENVIRONMENT_UNAVAILABLE', {
    message: `Tests of wasm-bindgen-test need its glue, and ${why}.`,
    hint: 'Install it in the version of the crate: `cargo install wasm-bindgen-cli --version …`, see Cargo.lock.',
    cause,
  })
}
