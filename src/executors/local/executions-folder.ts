import { randomBytes } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { privateFolder } from '../../system/files.ts'
import { lifeOf, ownMark, type ProcessMark } from '../../system/process-mark.ts'
import { killAll, EXECUTION_MARK } from './process-tree.ts'
import { removeTree } from './remove-tree.ts'
import { OWNER } from './who-is-at.ts'

/** Folders that are being made; half-made ones are removed after so long, ms. */
const DRAFT = '.new-'
const DRAFT_MS = 60_000

/** The folder of all executions, 0700. @returns its real path. @throws EverwarmError EXECUTOR_UNREACHABLE */
export function openRoot(root: string): string {
  try {
    // Patterns are of whole paths: such a character in the folder would be one of the pattern.
    if (/[*?[\]{}!]/.test(root)) throw new Error(`${root} has a character of patterns in it.`)
    privateFolder(root, (name) => existsSync(join(root, name, OWNER)) || name.startsWith(DRAFT))
    return realpathSync(root)
  } catch (cause) {
    throw new EverwarmError('EXECUTOR_UNREACHABLE', {
      message: `Workflows have no folder to run in: ${(cause as Error).message}`,
      hint: 'Set EVERWARM_CACHE to a folder of your own.',
      cause,
    })
  }
}

/** With its owner in it from the beginning on. @throws EverwarmError EXECUTOR_UNREACHABLE */
export async function makeExecution(root: string, id: string, owner: string): Promise<string> {
  const folder = join(root, id)
  const draft = join(root, `${DRAFT}${randomBytes(6).toString('hex')}`)
  try {
    await mkdir(draft, { mode: 0o700 })
    await writeFile(join(draft, OWNER), `${owner}\n`, { mode: 0o600 })
    await rename(draft, folder)
    return folder
  } catch (cause) {
    await removeTree(draft)
    throw new EverwarmError('EXECUTOR_UNREACHABLE', {
      message: `The folder ${folder} of the execution cannot be made (${(cause as NodeJS.ErrnoException).code}).`,
      hint: 'Look at the disk, and whether an execution of this id runs already.',
      cause,
    })
  }
}

/** Ends and removes what belongs to dead engines. @returns how many folders and processes */
export async function sweepRoot(root: string): Promise<number> {
  let removed = 0
  for (const name of await readdir(root)) {
    const folder = join(root, name)
    const owner = await ownerOf(folder)
    if (!(owner ? isDead(owner) : await isOldDraft(folder, name))) continue
    const marks = [`${EXECUTION_MARK}=${name}`]
    if (owner) removed += await killAll({ groupIds: [], marks, places: [folder], since: startOf(owner) })
    if (await removeTree(folder)) removed += 1
  }
  return removed
}

/** As it stands there; undefined: there is none. */
const ownerOf = (folder: string) => readFile(join(folder, OWNER), 'utf8').catch(() => undefined)

function isDead(owner: string): boolean {
  try {
    return lifeOf(JSON.parse(owner) as ProcessMark) === 'dead'
  } catch {
    // Nobody knows whose it is.
    return false
  }
}

const isOldDraft = async (folder: string, name: string) =>
  name.startsWith(DRAFT) && Date.now() - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? 0) > DRAFT_MS

/** Ticks; of another start of the machine nobody is left. */
function startOf(owner: string): number {
  const { bootId, startedAt } = JSON.parse(owner) as ProcessMark
  return bootId === ownMark().bootId ? Number(startedAt) : Infinity
}
