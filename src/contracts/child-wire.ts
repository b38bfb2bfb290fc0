/**
 * What a child for Vitest and the holder of its lease say to each other: lines of text, because the engines' binary formats differ.
 * The first line on a socket is the token, then each begins with its kind. Without a daemon the same lines go over the child's IPC channel.
 */
export const LINE = {
  /** To the child, first of all: JSON of `ChildBegin`. */
  begin: 'b',
  /** Either way: a message of Vitest's own worker protocol, by `system/portable.ts`. */
  vitest: 'v',
  /** To the child: are you alive? Answered by its event loop with the same line. */
  ping: 'p',
} as const

/** What a fresh process would have got when it was spawned. */
export interface ChildBegin {
  env: Record<string, string>
  cwd: string
}
