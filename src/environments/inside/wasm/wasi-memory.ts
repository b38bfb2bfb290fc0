import { ERRNO } from './wasi-errors.ts'
import type { WasmMemory } from './engine.ts'

/** The memory of a program, which may move whenever the program grows it. Setters return "success", for imports that end with them. */
export interface WasiMemory {
  bytes(at: number, length: number): Uint8Array
  getU32(at: number): number
  getU64(at: number): bigint
  setU32(at: number, value: number): number
  setU64(at: number, value: bigint): number
  text(at: number, length: number): string
}

export function wasiMemory(memory: () => WasmMemory): WasiMemory {
  const view = () => new DataView(memory().buffer)
  return {
    bytes: (at, length) => new Uint8Array(memory().buffer, at >>> 0, length >>> 0),
    getU32: (at) => view().getUint32(at >>> 0, true),
    getU64: (at) => view().getBigUint64(at >>> 0, true),
    setU32(at, value) {
      view().setUint32(at >>> 0, value, true)
      return ERRNO.success
    },
    setU64(at, value) {
      view().setBigUint64(at >>> 0, value, true)
      return ERRNO.success
    },
    text: (at, length) => Buffer.from(memory().buffer, at >>> 0, length >>> 0).toString('utf8'),
  }
}

/** Functions that a program imports from `wasi_snapshot_preview1`, by name. */
export type WasiImports = Record<string, (...args: never[]) => unknown>
