type Stream = NodeJS.WritableStream & { isTTY?: boolean }

/**
 * Of the process, not of this module: the configurations of several projects may each have loaded a copy of it,
 * because Vite bundles what they import by path.
 */
const SAID = Symbol.for('everwarm.notices')
const said = ((globalThis as { [SAID]?: WeakMap<Stream, Set<string>> })[SAID] ??= new WeakMap())

/** One dim line on Vitest's stderr; the same line only once per stream. */
export function notice(stream: Stream, text: string): void {
  let lines = said.get(stream)
  if (!lines) said.set(stream, (lines = new Set()))
  if (lines.has(text)) return
  lines.add(text)
  const line = `everwarm: ${text}`
  stream.write(stream.isTTY && !process.env['NO_COLOR'] ? `\u001b[2m${line}\u001b[22m\n` : `${line}\n`)
}
