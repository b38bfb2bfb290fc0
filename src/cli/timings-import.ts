import { readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { FORMATS, formatNamed, formatOf } from '../sharding/formats/all.ts'
import { type Imported, importRuns, placer } from '../sharding/import.ts'
import { timingsPlace } from '../sharding/place.ts'
import { openTimingStore } from '../sharding/timing-store.ts'
import { badInput, type Command, type Given } from './command.ts'
import { count } from './table.ts'

export const timingsImport: Command = {
  options: {
    format: { type: 'string' },
    root: { type: 'string' },
    from: { type: 'string' },
    project: { type: 'string' },
    environment: { type: 'string' },
    warm: { type: 'boolean' },
  },
  help: [
    '<report> …            files to read; importing one twice changes nothing',
    '--format <name>       by default what the file looks like:',
    ...FORMATS.map(({ name, summary }) => `  ${name.padEnd(20)}  ${summary}`),
    '--from <folder>       where the paths in the report begin, if not at the project',
    '--project <name>      for reports that know no projects; likewise --environment',
    '--warm                the runs were warm; by default cold, as without everwarm',
    '--root <path>         the project, this folder by default',
  ],
  async run({ positionals, values, env, print }: Given) {
    if (positionals.length === 0)
      throw badInput('Which report? `everwarm timings import <report>`.', 'everwarm timings import --help')
    const text = (name: string) => (typeof values[name] === 'string' ? (values[name] as string) : undefined)
    const place = timingsPlace(text('root') ?? '.', env)
    const store = openTimingStore(place.store)
    const find = placer(place.root, (path) => statSync(join(place.root, path), { throwIfNoEntry: false })?.isFile() ?? false)
    const from = text('from')
    const format = text('format') === undefined ? undefined : formatNamed(text('format')!)
    const writer = store.writer()
    let found = 0
    for (const name of positionals) {
      const report = readReport(name)
      const chosen = format ?? formatOf(report.content, basename(name))
      const imported = importRuns(chosen, report.content, {
        writtenMs: report.writtenMs,
        known: chosen.name === 'playwright-last-run' ? store.read() : [],
        temperature: values['warm'] ? 'warm' : 'cold',
        project: text('project'),
        environment: text('environment'),
        place: (path) => (from === undefined ? undefined : find(join(from, path))) ?? find(path),
      })
      for (const timing of imported.timings) writer.add(timing)
      found += imported.timings.length
      print(summary(name, chosen.name, imported))
    }
    writer.close()
    if (found === 0)
      throw badInput('There was nothing to take over for the files of this project.', 'everwarm timings import --help')
    if (writer.problem)
      throw new EverwarmError('TIMINGS_UNREADABLE', {
        message: `${place.store}: ${writer.problem}`,
        hint: 'Make the folder writable, or set EVERWARM_TIMINGS to another one.',
      })
    store.compact()
  },
}

function readReport(name: string): { content: string; writtenMs: number } {
  try {
    return { content: readFileSync(resolve(name), 'utf8'), writtenMs: Math.round(statSync(resolve(name)).mtimeMs) }
  } catch (cause) {
    throw new EverwarmError('BAD_INPUT', {
      message: `${name} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
      hint: 'Give the path of a report from here.',
      cause,
    })
  }
}

function summary(name: string, format: string, { timings, unplaced }: Imported): string {
  const tests = timings.reduce((sum, timing) => sum + timing.tests.size, 0)
  const lines = [`${name} (${format}): ${count(timings.length, 'file')}, ${count(tests, 'test')}`]
  if (unplaced.length > 0) {
    lines.push(
      `  ${unplaced.length} not found in this project: ${unplaced.slice(0, 3).join(', ')}${unplaced.length > 3 ? ', …' : ''}`,
    )
    lines.push('  if they are here under another folder, name it with --from')
  }
  return lines.join('\n')
}
