import { exportedFiles } from './exported.ts'
import { type FoundRun, maybeJson, ms, readJson, type TimingsFormat, unreadable } from './format.ts'

interface CachedResult {
  failed?: boolean
  duration?: number
  lastRun?: number
}

/**
 * `results.json` in Vitest's cache folder: what stock Vitest sorts by. Version 1 is that of Vitest 5; older ones have a list
 * of `[project:path, result]`. Its durations are those of tests alone, without collecting and set-up.
 */
export const vitestCache: TimingsFormat = {
  name: 'vitest',
  summary: "results.json of Vitest's cache (node_modules/.vite/vitest/…/results.json)",
  recognises(text) {
    const value = maybeJson(text)
    return isCurrent(value) || Array.isArray(value?.results)
  },
  read(text, { writtenMs }) {
    const value = readJson(text, 'vitest')
    if (isCurrent(value))
      return Object.entries<any>(value.projects).flatMap(([project, { files }]) =>
        Object.entries<CachedResult>(files ?? {}).map(([path, result]) => runOf(project, path, result, writtenMs)),
      )
    if (!Array.isArray(value?.results)) throw unreadable('vitest', 'it has neither projects nor results')
    return (value.results as [string, CachedResult][]).map(([key, result]) => {
      const colon = key.indexOf(':')
      return runOf(key.slice(0, Math.max(0, colon)), key.slice(colon + 1), result, writtenMs)
    })
  },
  write(snapshot) {
    const projects: Record<string, { files: Record<string, CachedResult> }> = {}
    for (const { timing, durationMs, hasFailed, atMs } of exportedFiles(snapshot)) {
      projects[timing.project] ??= { files: {} }
      projects[timing.project]!.files[timing.file] = { failed: hasFailed, duration: durationMs, lastRun: atMs }
    }
    return JSON.stringify({ version: 1, projects })
  },
}

const isCurrent = (value: any) => value?.version === 1 && typeof value.projects === 'object' && value.projects !== null

function runOf(project: string, path: string, { failed, duration, lastRun }: CachedResult, writtenMs: number): FoundRun {
  return {
    project,
    paths: [path.replace(/^\//, '')],
    atMs: lastRun ?? writtenMs,
    durationMs: ms(duration),
    status: failed ? 'failed' : 'passed',
  }
}
