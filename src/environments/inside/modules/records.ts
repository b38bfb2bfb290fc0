import type { EsmAnalysis } from './analyze.ts'
import type { NamespaceBuilders } from './namespace.ts'

interface RecordBase {
  /** Position in every world's tables. */
  index: number
  url: string
}

/** An ES module: what its text says, and what it is linked to. Holds no state of any test file. */
export interface EsmRecord extends RecordBase {
  kind: 'esm'
  path: string
  source: string
  analysis: EsmAnalysis
  /** One per request of the analysis, in order. */
  deps: ModuleRecord[]
  /** Records whose whole graph awaits somewhere can't be required. */
  isAsyncGraph: boolean
  /**
   * Read through getters, in two steps: members of a cycle, and modules that import something that may change.
   * All others get their imports as constants and give their exports back as one plain object.
   */
  isLive: boolean
  /** Modules of the same cycle, itself included; null when it is in none. */
  cycle: EsmRecord[] | null
  /** Where each exported name comes from; null: ambiguous, so not exported. Filled at linking. */
  exportNames: string[]
  /** Names whose values may still change after it ran; found when its namespace is first asked for. */
  changing: ReadonlySet<string> | null
  /** Builders of its namespace object; made when it is first asked for. */
  namespaces: NamespaceBuilders | null
  /** Slots after the dependencies in the argument array: requests whose namespace object is needed. */
  namespaceSlots: NamespaceSlot[]
  /** Post-order of the graph below this module; computed when it is first imported as a root. */
  order: ModuleRecord[] | null
  run: ((...args: unknown[]) => unknown) | null
  isLinked: boolean
}

export interface NamespaceSlot {
  request: number
  /** False: only members of it are read. */
  isExact: boolean
}

export interface CjsRecord extends RecordBase {
  kind: 'cjs'
  path: string
  /** Names Node's lexer finds, without `default`; read when first needed. */
  exportNames: string[] | null
}

export interface JsonRecord extends RecordBase {
  kind: 'json'
  path: string
}

export interface BuiltinRecord extends RecordBase {
  kind: 'builtin'
  /** With prefix: `node:fs`. */
  id: string
}

/** Imported by Node itself, once per process: environments' own packages, `data:` URLs, wasm. */
export interface NativeRecord extends RecordBase {
  kind: 'native'
  /** Import attribute `type`; empty when none was given. */
  type: string
  /** Whether it may stay for later files (an environment's implementation), or taints the process. */
  isShared: boolean
}

/** Evaluated by somebody else, who hands in its values: what Vitest's VM runtime makes of everything that is no ES module. */
export interface ValuesRecord extends RecordBase {
  kind: 'values'
  exportNames: readonly string[]
}

export type ModuleRecord = EsmRecord | CjsRecord | JsonRecord | BuiltinRecord | NativeRecord | ValuesRecord
