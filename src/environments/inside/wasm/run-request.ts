import { resolve } from 'node:path'
import { errorFromData } from '../../../contracts/errors.ts'
import type { FrontRequest } from '../../../contracts/front-door.ts'
import { parseRunArgs, type RunOptions } from '../libtest/options.ts'
import type { Binaries, Binary } from './binaries.ts'
import { runBindgen } from './bindgen-run.ts'
import { runLibtest } from './libtest-run.ts'
import { Aborted, type RunIo } from './run-io.ts'
import { runWith } from './run-whole.ts'
import type { Threads } from './threads.ts'

export interface RunPlace {
  binaries: Binaries
  threads: Threads
}

/** `everwarm run` of a wasm file. Resolves with the exit code, or null when its client wished its end. */
export async function runRequest(request: FrontRequest, place: RunPlace, io: RunIo): Promise<number | null> {
  const { args, env, cwd } = request
  const parsed = parseRunArgs(args, env)
  // The daemon has read the same and answers the rest by itself.
  if (parsed.kind !== 'run') return 1
  try {
    const binary = await place.binaries.load(resolve(cwd, parsed.options.input))
    return await runBinary(binary, parsed.options, request, place, io)
  } catch (error) {
    if (error instanceof Aborted) return null
    const { code, message, hint } = errorFromData(error)
    await io.out(2, Buffer.from(`everwarm: ${code}: ${message}\n${hint ? `everwarm: ${hint}\n` : ''}`))
    return 1
  }
}

async function runBinary(
  binary: Binary,
  options: RunOptions,
  { env, cwd }: FrontRequest,
  { threads }: RunPlace,
  io: RunIo,
): Promise<number> {
  if (binary.kind === 'libtest') return runLibtest({ binary, options, env, cwd, threads, io })
  if (binary.kind === 'program') {
    const end = await runWith(threads, { module: binary.module, args: [binary.path, ...options.rest], env, cwd }, io, {
      isLive: true,
      onChunk: ({ fd, bytes }) => io.out(fd, bytes),
      onInputWanted: (give) => io.wantInput(give),
    })
    if (end.trap !== undefined) await io.out(2, Buffer.from(`wasm trap: ${end.trap}\n`))
    return end.code
  }
  if (binary.kind === 'bindgen') return runBindgen({ binary, options, env, cwd, threads, io })
  await io.out(2, Buffer.from(MUTE))
  return 1
}

const MUTE = `everwarm: ENVIRONMENT_UNAVAILABLE: This test binary was built for wasm32-unknown-unknown with libtest, which has neither arguments nor output there.
everwarm: Build it for wasm32-wasip1, or write its tests with wasm-bindgen-test.
`
