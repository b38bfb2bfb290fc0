import { say } from '../system/log.ts'
import { importTestkube } from '../workflow/import-testkube.ts'
import { faultText, refuseFaults } from '../workflow/fault.ts'
import { readText } from '../workflow/load.ts'
import { readYaml, yamlText } from '../workflow/yaml.ts'
import { badInput, type Command } from './command.ts'

export const workflowImport: Command = {
  options: {},
  help: [
    '<file>                documents of kind TestWorkflow or TestWorkflowTemplate of Testkube',
    '',
    'Prints them as workflows of everwarm, and says on stderr what could not be taken over.',
  ],
  async run({ positionals, print }) {
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0)
      throw badInput('One file: `everwarm workflow import <file>`.', 'everwarm workflow import --help')
    const { documents, place } = readYaml(readText(file))
    const faults = documents.flatMap((document) =>
      document.faults.map(({ offset, ...about }) => ({ file, ...place(offset), path: '', severity: 'error' as const, ...about })),
    )
    for (const fault of faults.slice(1)) say(faultText(fault))
    refuseFaults(faults)
    const imported = documents.flatMap(({ value }) => importTestkube(value) ?? [])
    if (imported.length === 0) throw badInput(`There is no TestWorkflow in ${file}.`, 'everwarm workflow import --help')
    const left = documents.length - imported.length
    if (left > 0) say(`${left} of ${documents.length} documents are of other kinds; left out.`)
    for (const { notes } of imported) for (const { path, message } of notes) say(`${path}: ${message}`)
    print(
      imported
        .map(({ document }) => yamlText(document))
        .join('---\n')
        .trimEnd(),
    )
  },
}
