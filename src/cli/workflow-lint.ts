import { checkFiles } from '../workflow/check.ts'
import { faultText } from '../workflow/fault.ts'
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
    else print([...faults.map(faultText), summary(documents, errors, faults.length - errors)].join('\n'))
    return errors > 0 ? 2 : 0
  },
}

function summary(documents: number, errors: number, warnings: number): string {
  const more = warnings > 0 ? `, ${count(warnings, 'warning')}` : ''
  return errors > 0 ? `${count(errors, 'error')}${more}` : `${count(documents, 'document')}, nothing wrong${more}`
}
