import { appendFileSync, renameSync, statSync } from 'node:fs'
import { inspect } from 'node:util'
import colors from 'picocolors'

/** How words of a terminal may look; without colours where they are not seen. */
export type Paint = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', (text: string) => string>>
export const paint: Paint = colors

/** One line for a person at a terminal, on stderr; colours only where they are seen. */
export function say(line: string): void {
  process.stderr.write(`${colors.dim('everwarm')} ${line}\n`)
}

/** Each line only the first time. */
export function onceEach(tell: (line: string) => void): (line: string) => void {
  const said = new Set<string>()
  return (line) => {
    if (said.has(line)) return
    said.add(line)
    tell(line)
  }
}

/** A log of two files at most, each of `maxBytes`; what is older is dropped. */
export interface FileLog {
  write(line: string): void
  error(what: string, error: unknown): void
}

export function fileLog(path: string, maxBytes = 512 * 1024): FileLog {
  let bytes = sizeOf(path)
  const write = (line: string) => {
    const text = `${new Date().toISOString()} ${line}\n`
    try {
      if (bytes + text.length > maxBytes) {
        renameSync(path, `${path}.old`)
        bytes = 0
      }
      appendFileSync(path, text, { mode: 0o600 })
      bytes += text.length
    } catch {
      // A full or vanished disk must not take the daemon with it, and there is nowhere left to say so.
    }
  }
  return { write, error: (what, error) => write(`${what}: ${inspect(error)}`) }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
