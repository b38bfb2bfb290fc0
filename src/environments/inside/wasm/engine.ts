/** Compiled code; can be posted to threads. */
export interface WasmModule {
  readonly [Symbol.toStringTag]?: 'WebAssembly.Module'
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

export type WasmImports = Record<string, Record<string, unknown>>

/** The engine's own, as far as it is used: TypeScript knows it only together with all of the DOM. */
interface Engine {
  compile(bytes: Uint8Array): Promise<WasmModule>
  Module: {
    imports(module: WasmModule): { module: string; name: string; kind: string }[]
    exports(module: WasmModule): { name: string; kind: string }[]
  }
  Instance: new (module: WasmModule, imports: WasmImports) => { exports: Record<string, unknown> }
}

export const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly
