import { posix } from 'node:path'
import { changeZipEntry } from './zip-entry.ts'

interface Line {
  method?: string
  params?: { config?: { rootDir?: unknown; configFile?: unknown } }
}

/**
 * A blob report of Playwright as it would be if the project had stood somewhere else.
 * @param toRoot the project's folder, in which its configuration is
 */
export function relocateReport(zip: Uint8Array, toRoot: string): Buffer {
  return changeZipEntry(Buffer.from(zip), 'report.jsonl', (text) => {
    const lines = text.split('\n').map((line) => (line === '' ? undefined : (JSON.parse(line) as Line)))
    const from = rootOf(lines)
    if (from === undefined || from === toRoot) return text
    // Only where the path ends there or goes on below it: /work/app is no part of /work/app2.
    const paths = new RegExp(`(?<![\\w.-])${from.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?=$|[/:)\\s'"?])`, 'g')
    const moved = (_key: string, value: unknown) => (typeof value === 'string' ? value.replace(paths, () => toRoot) : value)
    return lines.map((line) => (line === undefined ? '' : JSON.stringify(line, moved))).join('\n')
  })
}

/** The folder of the configuration, on machines whose paths are as here. */
function rootOf(lines: readonly (Line | undefined)[]): string | undefined {
  const { rootDir, configFile } = lines.find((line) => line?.method === 'onConfigure')?.params?.config ?? {}
  if (typeof rootDir !== 'string' || typeof configFile !== 'string' || !rootDir.startsWith('/')) return undefined
  return posix.dirname(posix.resolve(rootDir, configFile))
}
