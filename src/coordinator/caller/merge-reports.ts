import type { HostName } from '../../sharding/list-files.ts'
import { runHost } from './run-host.ts'

/**
 * Prints the reports in `folder` by the host's own reporters, as if the tests had run here.
 * @param args the host's own options, such as `--reporter=junit`
 * @returns the host's exit code
 */
export function mergeReports(
  host: HostName,
  root: string,
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const words = host === 'vitest' ? ['run', `--merge-reports=${folder}`] : ['merge-reports', folder]
  return runHost(host, root, [...words, ...args], env)
}
