import { flagOf, type ToolkitGiven } from '../command.ts'
import { runToEnd } from '../run-to-end.ts'
import { specOf } from '../spec-argument.ts'

export async function parallel(given: ToolkitGiven): Promise<number> {
  const spec = specOf(given.positionals[0]!, flagOf(given, 'base64'))
  return runToEnd(given, 'parallel', { step: { name: 'parallel', parallel: spec }, at: ['parallel'] })
}
