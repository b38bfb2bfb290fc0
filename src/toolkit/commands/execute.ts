import { badInput, flagOf, listOf, type ToolkitGiven, wholeOf } from '../command.ts'
import { runToEnd } from '../run-to-end.ts'
import { specOf } from '../spec-argument.ts'

export async function execute(given: ToolkitGiven): Promise<number> {
  const isBase64 = flagOf(given, 'base64')
  const [argument] = given.positionals
  const spec = argument === undefined ? {} : mapOf(specOf(argument, isBase64))
  const added = listOf(given, 'workflow').map((item) => specOf(item, false))
  const workflows = [...(Array.isArray(spec['workflows']) ? (spec['workflows'] as unknown[]) : []), ...added]
  if (workflows.length === 0 && !('workflows' in spec))
    throw badInput('No workflow was named.', 'Give `-w \'{"name": "…"}\'`, or a specification with `workflows`.')
  const parallelism = wholeOf(given, 'parallelism')
  return runToEnd(given, 'execute', {
    step: {
      name: 'execute',
      execute: {
        ...spec,
        ...(added.length > 0 ? { workflows } : {}),
        // 0 is the default of the command, not that nothing runs.
        ...(parallelism ? { parallelism } : {}),
        ...(flagOf(given, 'async') ? { async: true } : {}),
      },
    },
    at: ['execute'],
  })
}

function mapOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw badInput('The argument is no map with `workflows`.')
}
