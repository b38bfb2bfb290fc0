import type { Vitest } from 'vitest/node'

const said = new WeakMap<Vitest, Set<string>>()

/** One dim line on stderr; the same line only once per Vitest. */
export function notice(vitest: Vitest, text: string): void {
  let lines = said.get(vitest)
  if (!lines) said.set(vitest, (lines = new Set()))
  if (lines.has(text)) return
  lines.add(text)
  const stream = vitest.logger.errorStream as NodeJS.WritableStream & { isTTY?: boolean }
  const line = `everwarm: ${text}`
  stream.write(stream.isTTY && !process.env['NO_COLOR'] ? `\u001b[2m${line}\u001b[22m\n` : `${line}\n`)
}
