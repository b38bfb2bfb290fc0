import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../node_modules/@playwright/test/cli.js', import.meta.url))

export interface CliRun {
  code: number
  out: string
  err: string
  /** The values of this key in lines that are JSON. */
  said(key: string): any[]
}

/** Runs Playwright's own command in a folder, with no variable of this run's Vitest. */
export function playwright(cwd: string, args: readonly string[], env: Record<string, string | undefined> = {}): Promise<CliRun> {
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(?:VITEST|CI$|TEST|NODE_ENV|FORCE_COLOR|NODE_OPTIONS|EVERWARM)/.test(name),
  )
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, ...args],
      { cwd, env: { ...Object.fromEntries(clean), ...env }, maxBuffer: 64 * 2 ** 20 },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err, said: (key) => valuesOf(out, key) }),
    )
  })
}

function valuesOf(text: string, key: string): any[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>).flatMap((line) => (key in line ? [line[key]] : []))
}
