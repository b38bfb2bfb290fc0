import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { project, type Project, type RunResult } from './vitest-run.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

export interface RealProject extends Project {
  /** For programs that are to meet the same daemon. */
  env: Record<string, string>
}

/**
 * A project with a daemon of its own and the hosts of this checkout, one worker at a time.
 * @param test more of the configuration's `test`, as source text
 */
export function realProject(
  files: Record<string, string>,
  { test = '', env = {} }: { test?: string; env?: Record<string, string> } = {},
): RealProject {
  const made = project({
    'vitest.config.ts': `
      import { everwarm } from '${REPOSITORY}src/vitest.ts'
      export default { plugins: [everwarm()], test: { include: ['*.test.ts'], maxWorkers: 1, ${test} } }`,
    ...files,
  })
  const own = { EVERWARM_HOME: join(made.root, 'home'), ...env }
  return {
    ...made,
    env: own,
    run: (options): Promise<RunResult> => made.run({ ...options, env: { ...own, ...options?.env } }),
    remove() {
      execFileSync(process.execPath, [join(REPOSITORY, 'src/cli/main.ts'), 'pool', 'stop'], {
        env: { ...process.env, ...own },
        stdio: 'ignore',
      })
      made.remove()
    },
  }
}
