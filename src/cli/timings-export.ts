import { resolve } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { FORMATS, formatNamed } from '../sharding/formats/all.ts'
import { timingsPlace } from '../sharding/place.ts'
import { readTimings } from '../sharding/read-snapshot.ts'
import { makeSnapshot } from '../sharding/snapshot.ts'
import { badInput, type Command, type Given, refusePositionals } from './command.ts'
import { count } from './table.ts'
import { writeFile } from './write-file.ts'

export const timingsExport: Command = {
  options: { format: { type: 'string' }, to: { type: 'string' }, root: { type: 'string' } },
  help: [
    '--format <name>  everwarm by default:',
    ...FORMATS.filter((format) => format.write).map(({ name, summary }) => `  ${name.padEnd(14)}  ${summary}`),
    '--to <file>      by default it is printed',
    '--root <path>    the project, this folder by default',
  ],
  async run(given: Given) {
    refusePositionals(given)
    const { values, env, print } = given
    const format = formatNamed(typeof values.format === 'string' ? values.format : 'everwarm')
    if (!format.write) throw badInput(`The format "${format.name}" can only be imported.`, 'everwarm timings export --help')
    const place = timingsPlace(typeof values.root === 'string' ? values.root : '.', env)
    // The store and not a committed file: this is how that file is brought up to date.
    const snapshot = makeSnapshot(readTimings({ store: place.store }))
    if (snapshot.timings.length === 0)
      throw new EverwarmError('BAD_INPUT', {
        message: `Nothing is known yet of the files of ${place.root}.`,
        hint: 'Run its tests with everwarm first, or `everwarm timings import` a report.',
      })
    const text = format.write(snapshot)
    if (typeof values.to !== 'string') return print(text.replace(/\n$/, ''))
    writeFile(resolve(values.to), text, '--to')
    print(`${count(snapshot.timings.length, 'file')} in ${values.to} (${format.name})`)
  },
}
