import { workflowJsonSchema } from '../workflow/json-schema.ts'
import { type Command, refusePositionals } from './command.ts'

export const workflowSchema: Command = {
  options: {},
  help: [
    'Prints the JSON Schema of workflows, for editors: `everwarm workflow schema > workflow.schema.json`,',
    'and as the first line of a workflow: # yaml-language-server: $schema=./workflow.schema.json',
  ],
  async run(given) {
    refusePositionals(given)
    given.print(JSON.stringify(workflowJsonSchema(), null, 2))
  },
}
