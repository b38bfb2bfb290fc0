import { EverwarmError } from '../../contracts/errors.ts'
import { type HostName, programOf } from '../../sharding/list-files.ts'
import { spawnProcess } from '../../system/spawn.ts'

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
  const program = programOf(root, host)
  if (!program)
    throw new EverwarmError('PACKAGE_MISSING', {
      message: `${host} is not installed in ${root}, and its reports are printed by itself.`,
      hint: 'Install it here as well as on the workers, in the same version.',
    })
  const words = host === 'vitest' ? ['run', `--merge-reports=${folder}`] : ['merge-reports', folder]
  return new Promise((resolve, reject) => {
    const child = spawnProcess(process.execPath, [program, ...words, ...args], {
      cwd: root,
      env,
      stdio: 'inherit',
    })
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
