import { checkDocuments } from '../workflow/check.ts'
import { faultText } from '../workflow/fault.ts'
import { loadFile } from '../workflow/load.ts'
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
    const files = positionals.map(loadFile)
    const wrong = files.flatMap(({ faults }) => faults)
    // A template that cannot be read is not missing.
    const isWhole = wrong.length === 0
    const faults = [...wrong, ...(isWhole ? checkDocuments(files.flatMap(({ documents }) => documents)) : [])]
    const errors = faults.filter(({ severity }) => severity === 'error').length
    const documents = files.reduce((sum, file) => sum + file.documents.length, 0)
    if (values['json']) print(JSON.stringify({ faults, documents }, null, 2))
    else print([...faults.map(faultText), summary(documents, errors, faults.length - errors)].join('\n'))
    return errors > 0 ? 2 : 0
  },
}

function summary(documents: number, errors: number, warnings: number): string {
  const more = warnings > 0 ? `, ${count(warnings, 'warning')}` : ''
  return errors > 0 ? `${count(errors, 'error')}${more}` : `${count(documents, 'document')}, nothing wrong${more}`
}
