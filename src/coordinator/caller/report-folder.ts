import { mkdir, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where reports lie until the host has printed them. */
export interface ReportFolder {
  path: string
  /** Leaves what was printed as a path, if it was made within an output folder. */
  remove(): Promise<void>
}

const PREFIX = 'everwarm-reports-'
/** `playwright merge-reports` unpacks traces and screenshots into this folder beside the reports, and prints their paths. */
const KEPT = 'resources'

/**
 * @param outputFolder of the host: traces and screenshots stay there until the next run, as after a run here. Absent: nothing
 * stays
 */
export async function reportFolder(outputFolder?: string): Promise<ReportFolder> {
  if (outputFolder === undefined) {
    const path = await mkdtemp(join(tmpdir(), PREFIX))
    return { path, remove: () => rm(path, { recursive: true, force: true }) }
  }
  await mkdir(outputFolder, { recursive: true })
  const earlier = (await readdir(outputFolder)).filter((name) => name.startsWith(PREFIX))
  await Promise.all(earlier.map((name) => rm(join(outputFolder, name), { recursive: true, force: true })))
  const path = await mkdtemp(join(outputFolder, PREFIX))
  return { path, remove: () => removeAllBut(path, outputFolder) }
}

async function removeAllBut(path: string, outputFolder: string): Promise<void> {
  const names = (await readdir(path)).filter((name) => name !== KEPT)
  await Promise.all(names.map((name) => rm(join(path, name), { recursive: true, force: true })))
  // Only what is empty goes; the first that is not ends this.
  for (const folder of [join(path, KEPT), path, outputFolder])
    if (
      !(await rmdir(folder).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
      ))
    )
      return
}
