type Stream = NodeJS.WritableStream & { isTTY?: boolean }

const said = new WeakMap<Stream, Set<string>>()

/** One dim line on Vitest's stderr; the same line only once per stream. */
export function notice(stream: Stream, text: string): void {
  let lines = said.get(stream)
  if (!lines) said.set(stream, (lines = new Set()))
  if (lines.has(text)) return
  lines.add(text)
  const line = `everwarm: ${text}`
  stream.write(stream.isTTY && !process.env['NO_COLOR'] ? `\u001b[2m${line}\u001b[22m\n` : `${line}\n`)
}
