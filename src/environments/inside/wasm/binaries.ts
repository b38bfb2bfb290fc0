import { type FileHandle, open } from 'node:fs/promises'
import { EverwarmError } from '../../../contracts/errors.ts'
import { engine, type WasmModule } from './engine.ts'

/** What a wasm file is, as a test binary. */
export type BinaryKind =
  /** Built with libtest, for WASI. */
  | 'libtest'
  /** Anything else with a `_start`: its exit code counts. */
  | 'program'
  /** `#[wasm_bindgen_test]`: tests are exports. */
  | 'bindgen'
  /** libtest for wasm32-unknown-unknown: it has no arguments and no output. */
  | 'mute'

/** One version of one file, compiled. */
export interface Binary {
  path: string
  module: WasmModule
  kind: BinaryKind
  /** What was learnt of it, for as long as it stays the same. */
  notes: Map<string, Promise<unknown>>
}

export interface Binaries {
  /** @throws EverwarmError ENVIRONMENT_UNAVAILABLE if it cannot be read or compiled */
  load(path: string): Promise<Binary>
}

interface Kept {
  bytes: number
  binary: Promise<Binary>
}

/** In every libtest, stripped or not: the variable that it reads at its start. */
const LIBTEST_MARK = 'RUST_TEST_THREADS'
/** In the doctests that rustdoc merges into one program (edition 2024): it has libtest inside, and takes no arguments. */
const DOCTESTS_MARK = 'RUSTDOC_DOCTEST_RUN_NB_TEST'

/**
 * Compiled files, by path and what tells one version from the next; the ones used last stay.
 * Doctests bring a new file each, so there is a limit, by the size of the files.
 */
export function createBinaries({ maxBytes }: { maxBytes: number }): Binaries {
  const kept = new Map<string, Kept>()

  function forget(): void {
    let bytes = [...kept.values()].reduce((sum, one) => sum + one.bytes, 0)
    for (const [key, one] of kept) {
      if (bytes <= maxBytes || kept.size === 1) return
      kept.delete(key)
      bytes -= one.bytes
    }
  }

  return {
    async load(path) {
      const file = await open(path).catch((error: NodeJS.ErrnoException) => {
        throw unreadable(path, `cannot be read (${error.code ?? error.message})`, error)
      })
      try {
        const { mtimeNs, size, ino, dev } = await file.stat({ bigint: true })
        const key = `${dev}:${ino}:${size}:${mtimeNs}:${path}`
        const before = kept.get(key)
        const one = before ?? { bytes: Number(size), binary: compile(path, file) }
        // To the end of the map: the one used last is forgotten last.
        kept.delete(key)
        kept.set(key, one)
        one.binary.catch(() => kept.delete(key))
        forget()
        return await one.binary
      } finally {
        await file.close()
      }
    },
  }
}

async function compile(path: string, file: FileHandle): Promise<Binary> {
  const bytes = await file.readFile()
  const module = await engine.compile(bytes).catch((error: Error) => {
    throw unreadable(path, `is no wasm that this Node can compile (${error.message})`, error)
  })
  return { path, module, kind: kindOf(module, bytes), notes: new Map() }
}

function kindOf(module: WasmModule, bytes: Buffer): BinaryKind {
  const names = engine.Module.exports(module).map(({ name }) => name)
  // `__wbgtest_…` are there without any test, too.
  if (names.some((name) => name.startsWith('__wbgt'))) return 'bindgen'
  const isLibtest = bytes.includes(LIBTEST_MARK) && !bytes.includes(DOCTESTS_MARK)
  if (names.includes('_start')) return isLibtest ? 'libtest' : 'program'
  return isLibtest ? 'mute' : 'program'
}

function unreadable(path: string, why: string, cause: unknown): EverwarmError {
  return new EverwarmError('ENVIRONMENT_UNAVAILABLE', {
    message: `${path} ${why}.`,
    hint: 'Build it anew, for wasm32-wasip1.',
    cause,
  })
}
