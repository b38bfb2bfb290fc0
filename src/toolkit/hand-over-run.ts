import { mkdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { matchFiles } from '../content/glob.ts'
import type { ToolkitGiven } from './command.ts'
import { folderAround, notKept } from './artifact-place.ts'
import { handOver } from './hand-over.ts'
import { stepOf } from './say-in-band.ts'
import type { ToolkitConfig } from './toolkit-config.ts'

const ALL = { include: ['**/*'], exclude: [] }

/**
 * In a step what workers have kept is kept by the engine around, too: under `<ref of the step>/parallel/`, the next time in the same
 * script under `parallel-2/`. The place where it lies now may go with the container.
 * @param from artifacts of the execution that has ended
 * @throws EverwarmError ARTIFACTS_FAILED
 */
export async function handOverRun(
  { env }: ToolkitGiven,
  config: ToolkitConfig,
  name: 'parallel' | 'execute',
  from: string,
): Promise<void> {
  const folder = folderAround(config.artifacts, env)
  if (folder === undefined) return
  const paths = await matchFiles(ALL, from, { hidden: true })
  if (paths.length === 0) return
  const prefix = `${stepOf(env)}/${await freeName(folder, name)}`
  const files = paths.map((path) => ({ path, name: `${prefix}/${relative(from, path).replaceAll(sep, '/')}` }))
  const failed = await handOver(folder, files, {}, env)
  if (failed.length > 0) throw notKept(failed, files.length)
}

/** Nobody else in this script has it. */
async function freeName(folder: string, name: string): Promise<string> {
  const taken = join(folder, '.taken')
  await mkdir(taken, { recursive: true })
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}-${number}`
    try {
      await mkdir(join(taken, free))
      return free
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
