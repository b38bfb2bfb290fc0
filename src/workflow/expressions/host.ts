/** What the language may ask of the machine. What is absent is not known at this stage: its functions wait for a later one. */
export interface ExpressionHost {
  /** Absolute, with slashes. */
  readonly cwd?: string
  /** Where an absolute path lies: where there are no containers `/data` is another folder. Default: where it says. */
  place?(path: string): string
  /** ms since 1970. */
  now?(): number
  /** The text of a file; `path` may be relative to `cwd`. */
  readFile?(path: string): string
  /** Absolute paths of files, in any order. */
  glob?(patterns: { readonly include: readonly string[]; readonly exclude: readonly string[] }): readonly string[]
  /** The name of an environment variable in which the value will be; the value itself never enters an expression. */
  secret?(secret: { name: string; key: string; computed: boolean }): string
  /** As `secret`, from the store of credentials. */
  credential?(name: string): string
}

/** Thrown by functions of a host that must look first, somewhere else: whoever resolves lets it look, and begins anew. */
export class NotReadYet extends Error {
  readonly read: () => Promise<void>

  constructor(read: () => Promise<void>) {
    super('The host has not looked yet.')
    this.read = read
  }
}
