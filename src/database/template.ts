import { randomBytes } from 'node:crypto'
import { chmodSync, constants, cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { folderFault } from '../system/files.ts'

/**
 * Makes the folder of a new, empty database: whole or not at all, 0700.
 * With a cache it is copied (25 ms of CPU) from one that was made once for this version of PGlite (3 s of CPU).
 */
export async function createFromTemplate(
  path: string,
  cacheFolder: string | undefined,
  make: (path: string) => Promise<void>,
): Promise<void> {
  const template = cacheFolder === undefined ? undefined : await templateIn(cacheFolder, make)
  await wholeOrNotAtAll(path, async (draft) => {
    if (template === undefined) await make(draft)
    else cpSync(template, draft, { recursive: true, mode: constants.COPYFILE_FICLONE })
  })
}

/** Its folder; undefined where nothing can be kept. */
async function templateIn(cacheFolder: string, make: (path: string) => Promise<void>): Promise<string | undefined> {
  const version = pgliteVersion()
  if (version === undefined) return undefined
  const template = join(cacheFolder, `pglite-${version}`)
  if (existsSync(template)) return template
  if (folderFault(cacheFolder) !== undefined) return undefined
  try {
    await wholeOrNotAtAll(template, make)
  } catch (error) {
    // Somebody else was quicker, and theirs is as good.
    if (!existsSync(template)) throw error
  }
  return template
}

async function wholeOrNotAtAll(path: string, make: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  try {
    await make(draft)
    chmodSync(draft, 0o700)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    throw error
  }
}

/** undefined where a bundler has taken only a part of the package. */
function pgliteVersion(): string | undefined {
  try {
    // Its package.json is not among its exports.
    const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite')
    return (JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8')) as { version: string }).version
  } catch {
    // Then each database is made anew.
    return undefined
  }
}
