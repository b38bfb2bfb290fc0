import { EverwarmError } from '../../contracts/errors.ts'
import { type HostName, programOf } from '../../sharding/list-files.ts'
import { spawnProcess } from '../../system/spawn.ts'

/**
 * The project's own host, on this terminal.
 * @returns its exit code
 * @throws EverwarmError PACKAGE_MISSING
 */
export function runHost(host: HostName, root: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const program = programOf(root, host)
  if (!program)
    throw new EverwarmError('PACKAGE_MISSING', {
      message: `${host} is not installed in ${root}, and its reports are printed by itself.`,
      hint: 'Install it here as well as on the workers, in the same version.',
    })
  return new Promise((resolve, reject) => {
    const child = spawnProcess(process.execPath, [program, ...args], { cwd: root, env, stdio: 'inherit' })
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
