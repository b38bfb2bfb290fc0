/**
 * What the holder of a lease of a runtime says, and hears: one JSON object a line, after a first line with the token.
 * docs/protocol/runtime-lease.md is the specification.
 */
export type RuntimeRequest =
  | { id: RequestId; code: string; format?: CodeFormat; name?: string }
  /** An absolute path, or a URL. */
  | { id: RequestId; import: string }
  /** Variables that code in this context is to see from now on. */
  | { id: RequestId; env: Record<string, string> }

export type RequestId = string | number

/** Absent: a script if it is one, else a module. */
export type CodeFormat = 'script' | 'module' | 'commonjs'

export type RuntimeReply =
  | { id: RequestId; value: unknown }
  /** `id` null: nobody waited for it, and the context is over. */
  | { id: RequestId | null; error: RuntimeFault }
  | { stream: 'stdout' | 'stderr'; text: string }

export interface RuntimeFault {
  name: string
  message: string
  stack: string
}
