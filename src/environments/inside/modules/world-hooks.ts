import type { Exports } from './builtins.ts'

/** What the world puts in place of builtins, and what it hears about imports that reach past it. */
export interface WorldHooks {
  /** Another object for a builtin, for static imports of the given file, or with '' for all others; undefined: the real one. */
  builtin(id: string, importerPath: string): Exports | undefined
  /** `import()` of a builtin, which is how Vitest's runtime fetches one for a test file. */
  onBuiltinImport(id: string): void
  /** A module was loaded by Node itself and outlives this world. */
  onNativeImport(url: string): void
  /** A module holds a name of a builtin that has just been given another value: `import { readFile } from 'node:fs'`. */
  onStaleBinding(id: string, name: string, importerPath: string): void
  onNativeAddon(path: string): void
  /** `module.register` or `module.registerHooks` was called. */
  onLoaderHook(name: string): void
}
