/** Which files are meant: what one of `include` matches and none of `exclude`. */
export interface GlobPatterns {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}
