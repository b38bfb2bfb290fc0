import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { makeFolder, privateFolder, writeAtomically } from '../../system/files.ts'
import { lifeOf, ownMark, type ProcessMark } from '../../system/process-mark.ts'
import { dataFolder, type Env } from '../../system/settings.ts'
import { socketPlace } from '../../workflow/executions/socket-place.ts'
import { badInput } from '../command.ts'
import { type GroupAddresses, shellLines } from './addresses.ts'

/** `group.json`: who holds a group of services, and how to speak to it. Only its owner can read it. */
export interface GroupEntry {
  keeper: ProcessMark
  token: string
  /** Absent until they are ready. */
  socket?: string
}

const ENTRY = 'group.json'

/**
 * One group per name, execution and, in a step, per site: workers of one workflow have groups of their own.
 * @throws EverwarmError BAD_INPUT
 */
export function groupFolder(group: string, execution: string | undefined, env: Env): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(group))
    throw badInput(`"${group.slice(0, 80)}" is no name of a group.`, 'It has up to 64 letters, digits, ., _ and -.')
  return join(dataFolder(env, 'services'), `${execution ?? 'none'}${siteMark(env)}@${group}`)
}

/** All steps of a site have one folder for their data, and no other site has it. */
function siteMark(env: Env): string {
  const data = env['WORKFLOW_DATA']
  return data ? `-${createHash('sha256').update(data).digest('hex').slice(0, 12)}` : ''
}

/** Takes the name, for as long as this process lives. @throws EverwarmError BAD_INPUT: somebody else has it */
export function claimGroup(folder: string, group: string): GroupEntry {
  const entry: GroupEntry = { keeper: ownMark(), token: randomBytes(32).toString('hex') }
  privateFolder(dirname(folder), () => true)
  const draft = join(dirname(folder), `.new-${randomBytes(6).toString('hex')}`)
  makeFolder(draft)
  writeAtomically(join(draft, ENTRY), JSON.stringify(entry))
  for (;;) {
    try {
      renameSync(draft, folder)
      return entry
    } catch (cause) {
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause
      const other = readGroup(folder)
      if (other && isHeld(other)) {
        rmSync(draft, { recursive: true, force: true })
        throw badInput(`There is a group "${group}" already.`, `End it first: \`everwarm-toolkit kill ${group}\`.`)
      }
      if (other) removeGroup(folder, other)
      else removeUnreadable(folder)
    }
  }
}

/** Says how to speak to it, and where its services are. */
export function publishGroup(folder: string, entry: GroupEntry, socket: string, addresses: GroupAddresses): void {
  writeAtomically(join(folder, 'addresses.json'), `${JSON.stringify(addresses, null, 2)}\n`)
  writeAtomically(join(folder, 'addresses.env'), `${shellLines(addresses).join('\n')}\n`)
  writeAtomically(join(folder, ENTRY), JSON.stringify({ ...entry, socket }))
}

/** Others see it gone at once. One of the same name that somebody else holds by now stays. */
export function removeGroup(folder: string, { token }: GroupEntry): void {
  if (readGroup(folder)?.token !== token) return
  const socket = dirname(socketPlace(folder))
  removeUnreadable(folder)
  if (socket !== folder && process.platform !== 'win32') rmSync(socket, { recursive: true, force: true })
}

function removeUnreadable(folder: string): void {
  const gone = join(dirname(folder), `.gone-${randomBytes(6).toString('hex')}`)
  try {
    renameSync(folder, gone)
  } catch {
    // Somebody else was quicker.
    return
  }
  rmSync(gone, { recursive: true, force: true })
}

export function readGroup(folder: string): GroupEntry | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, ENTRY), 'utf8')) as GroupEntry
  } catch {
    // There is none, or it went a moment ago.
    return undefined
  }
}

/** One whose keeper cannot be seen from here counts as held. */
export const isHeld = ({ keeper }: GroupEntry) => lifeOf(keeper) !== 'dead'

/** @throws EverwarmError GROUP_UNKNOWN, SERVICE_FAILED: its keeper was killed */
export function findGroup(folder: string, group: string): GroupEntry & { socket: string } {
  const entry = readGroup(folder)
  if (!entry)
    throw new EverwarmError('GROUP_UNKNOWN', {
      message: `There is no group "${group}" of services.`,
      hint: `\`everwarm-toolkit services -g ${group} …\` starts one; EVERWARM_HOME, the execution and the worker must be the same.`,
    })
  if (!isHeld(entry)) {
    removeGroup(folder, entry)
    throw new EverwarmError('SERVICE_FAILED', {
      message: `The services of the group "${group}" are gone: the process that held them was killed.`,
      hint: 'Look whether memory ran out.',
    })
  }
  const { socket } = entry
  if (socket === undefined)
    throw new EverwarmError('SERVICE_FAILED', {
      message: `The services of the group "${group}" are not ready yet.`,
      hint: 'End the command that starts them; that ends them, too.',
    })
  return { ...entry, socket }
}
