import { checkFiles } from '../workflow/check.ts'
import { type Fault, faultText } from '../workflow/fault.ts'
import { badInput, type Command } from './command.ts'
import { count } from './table.ts'

export const workflowLint: Command = {
  options: { json: { type: 'boolean' } },
  help: [
    '<file> …              workflows and their templates, in one or several files',
    '--json                for programs',
    '',
    'Says all that is wrong in all of them, with line and column. Ends with 2 if anything is; warnings alone are none.',
  ],
  async run({ positionals, values, print }) {
    if (positionals.length === 0) throw badInput('Which file? `everwarm workflow lint <file>`.', 'everwarm workflow lint --help')
    const { faults, count: documents } = checkFiles(positionals)
    const errors = faults.filter(({ severity }) => severity === 'error').length
    if (values['json']) print(JSON.stringify({ faults, documents }, null, 2))
    else print([...shown(faults), summary(documents, errors, faults.length - errors)].join('\n'))
    return errors > 0 ? 2 : 0
  },
}

/** More than people read. */
const MOST_SHOWN = 200

function shown(faults: readonly Fault[]): string[] {
  const more = faults.length - MOST_SHOWN
  const lines = faults.slice(0, MOST_SHOWN).map(faultText)
  return more > 0 ? [...lines, `and ${more.toLocaleString('en')} more (--json shows all)`] : lines
}

function summary(documents: number, errors: number, warnings: number): string {
  const more = warnings > 0 ? `, ${count(warnings, 'warning')}` : ''
  return errors > 0 ? `${count(errors, 'error')}${more}` : `${count(documents, 'document')}, nothing wrong${more}`
}
