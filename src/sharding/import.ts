import type { FoundRun, ReadAbout, TimingsFormat } from './formats/format.ts'
import { unreadable } from './formats/format.ts'
import { type Temperature, type Timing, timingOf } from './timing.ts'

export interface ImportAbout extends ReadAbout {
  /** For runs that do not say; reports of hosts without everwarm are cold. */
  temperature: Temperature
  /** For formats that know no projects. */
  project?: string
  environment?: string
  /** Finds a file of the project by a name that a report has for it, perhaps one of another machine; undefined: not here. */
  place(path: string): string | undefined
}

export interface Imported {
  timings: Timing[]
  /** Files of the report that are not in this project, as the report names them. */
  unplaced: string[]
}

/**
 * A report's runs, as timings of this project's files. Importing it twice changes nothing: its runs have the same times again.
 * @throws EverwarmError TIMINGS_UNREADABLE
 */
export function importRuns(format: TimingsFormat, text: string, about: ImportAbout): Imported {
  const imported: Imported = { timings: [], unplaced: [] }
  for (const run of readRuns(format, text, about)) {
    const file = run.paths.map((path) => about.place(path)).find((path) => path !== undefined)
    if (file === undefined) imported.unplaced.push(run.paths[0] ?? '(without a name)')
    else imported.timings.push(timingIn(run, file, about))
  }
  return imported
}

function readRuns(format: TimingsFormat, text: string, about: ReadAbout): FoundRun[] {
  try {
    return format.read(text, about)
  } catch (error) {
    // A report of another version lacks a field somewhere; which one is in the cause.
    if (error instanceof TypeError) throw unreadable(format.name, error.message)
    throw error
  }
}

function timingIn(run: FoundRun, file: string, about: ImportAbout): Timing {
  if (run.whole) return { ...run.whole, file }
  return timingOf({
    project: run.project || about.project || '',
    environment: run.environment || about.environment || '',
    file,
    atMs: Math.round(run.atMs),
    durationMs: run.durationMs,
    status: run.status,
    temperature: run.temperature ?? about.temperature,
    tests: run.tests,
  })
}

/**
 * Finds files by the end of a foreign path: of `/home/ci/app/tests/a.test.ts` the longest end that is a file here.
 * @param isFile whether this path from the root is a file
 */
export function placer(root: string, isFile: (path: string) => boolean): (path: string) => string | undefined {
  const slashedRoot = `${root.replaceAll('\\', '/').replace(/\/$/, '')}/`
  return (path) => {
    const slashed = path.replaceAll('\\', '/').replace(/^\.\//, '')
    if (slashed.startsWith(slashedRoot)) return slashed.slice(slashedRoot.length)
    const parts = slashed
      .replace(/^[A-Za-z]:/, '')
      .split('/')
      .filter((part) => part !== '')
    if (parts.includes('..')) return isFile(slashed) ? slashed : undefined
    return parts.map((_, i) => parts.slice(i).join('/')).find(isFile)
  }
}
