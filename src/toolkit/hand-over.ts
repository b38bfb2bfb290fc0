import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CollectedFile } from '../content/artifacts/collect.ts'
import { errorFromData, EverwarmError } from '../contracts/errors.ts'
import { HANDED_OVER_FOLDER, HANDED_OVER_HINT, type HandedOver } from '../contracts/workflow/handed-over.ts'
import type { Env } from '../system/settings.ts'
import { placeOf } from './places.ts'
import { sayHint, stepOf } from './say-in-band.ts'

/** Where a step leaves files for the engine around it; undefined: there is none. */
export function handOverFolder(env: Env): string | undefined {
  if (stepOf(env) === undefined || !env['WORKFLOW_DATA']) return undefined
  return placeOf(HANDED_OVER_FOLDER, { cwd: '/', env })
}

/**
 * Copies files to where the engine takes them from when the command of the step has ended: what becomes of them meanwhile is of no
 * matter. All are tried.
 * @returns what went wrong
 * @throws EverwarmError ARTIFACTS_FAILED: nothing can be written there
 */
export async function handOver(folder: string, files: readonly CollectedFile[], about: HandedOver, env: Env): Promise<unknown[]> {
  const id = `${String(Date.now()).padStart(15, '0')}-${randomBytes(4).toString('hex')}`
  const place = join(folder, id)
  const failed: unknown[] = []
  try {
    await mkdir(place, { recursive: true })
    // Another step may be another user. Who has not made it may not change it.
    await chmod(folder, 0o777).catch(() => {})
    for (const file of files)
      try {
        await copyOne(file, join(place, file.name))
      } catch (error) {
        failed.push(error)
      }
    const draft = join(folder, `.${id}`)
    await writeFile(draft, JSON.stringify(about))
    await rename(draft, `${place}.json`)
  } catch (cause) {
    await rm(place, { recursive: true, force: true }).catch(() => {})
    throw notWritten(folder, cause)
  }
  sayHint(HANDED_OVER_HINT, files.length - failed.length, env)
  return failed
}

async function copyOne({ path }: CollectedFile, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await copyFile(path, to, constants.COPYFILE_FICLONE)
}

const notWritten = (folder: string, cause: unknown) =>
  new EverwarmError('ARTIFACTS_FAILED', {
    message: `Files cannot be handed over to the workflow in ${folder}: ${errorFromData(cause).message}.`,
    hint: 'See who may write in /data of this step, and whether the disk is full.',
    cause,
  })
