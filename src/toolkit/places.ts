import { join, posix, resolve } from 'node:path'
import type { ToolkitGiven } from './command.ts'

/**
 * A path in an argument: relative ones begin in the current folder, and `/data` is where the step has it. Outside of containers
 * that is the folder in WORKFLOW_DATA.
 */
export function placeOf(path: string, { cwd, env }: Pick<ToolkitGiven, 'cwd' | 'env'>): string {
  const data = env['WORKFLOW_DATA']
  const absolute = posix.normalize(path)
  if (data && (absolute === '/data' || absolute.startsWith('/data/'))) return join(data, absolute.slice('/data'.length))
  return resolve(cwd, path)
}
