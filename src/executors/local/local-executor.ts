import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { ownMark } from '../../system/process-mark.ts'
import { cacheFolder, type Env } from '../../system/settings.ts'
import { asBadInput } from '../bad-input.ts'
import type { ExecutionRequest, ExecutionRoom, Executor } from '../executor.ts'
import { passedOn } from './environment.ts'
import { makeExecution, openRoot, sweepRoot } from './executions-folder.ts'
import { IGNORED_FIELDS } from './ignored-fields.ts'
import { type LocalHouse, watchStrays } from './local-house.ts'
import { EXECUTION_MARK, killAll } from './process-tree.ts'
import { startReaper } from './reaper.ts'
import { removeTree } from './remove-tree.ts'
import { openSite } from './site.ts'
import { type MarkedPlace, spawnWell, type WellSpawned } from './spawn-well.ts'

export interface LocalOptions {
  /** Folder of all executions, 0700. Default: `sandboxes` in everwarm's cache. */
  root?: string
  /** Of the caller. Default: that of this process. */
  env?: Env
  /** More variables of it that commands may see. */
  passEnv?: readonly string[]
  clock?: Clock
}

/** Commands are processes of this machine; `/data` of a site lies in a folder of its own. */
export function createLocalExecutor({ root, env = process.env, passEnv = [], clock = systemClock }: LocalOptions = {}): Executor {
  const owner = JSON.stringify({ ...ownMark(), executor: randomBytes(8).toString('hex') })
  const rooms = new Set<ExecutionRoom>()
  let opened: { folder: string; house: LocalHouse; spawned: WellSpawned } | undefined
  const folderOfAll = () => opened?.folder ?? openRoot(root ?? join(cacheFolder(env), 'sandboxes'))
  const begin = () => {
    if (opened) return opened
    const folder = folderOfAll()
    const base = passedOn(env, passEnv)
    const reaper = startReaper(folder, owner)
    const spawned = spawnWell(base, () => makePlace(folder, owner))
    const strays = watchStrays(clock)
    const house = { base, clock, reaper, spawn: spawned.spawn, takenPorts: new Set<number>(), strays }
    return (opened = { folder, house, spawned })
  }
  return {
    name: 'local',
    ignores: IGNORED_FIELDS,
    check: () => void asBadInput(folderOfAll),
    async open(request) {
      checkId(request)
      const { folder: all, house } = begin()
      const folder = await makeExecution(all, request.id, owner)
      const room = executionRoom(house, request.id, folder, () => rooms.delete(room))
      rooms.add(room)
      return room
    },
    sweep: async () => sweepRoot(folderOfAll()),
    async close() {
      await Promise.all([...rooms].map((room) => room.close()))
      opened?.house.strays.close()
      await opened?.spawned.close()
      opened?.house.reaper.close()
      opened = undefined
    },
  }
}

async function makePlace(all: string, owner: string): Promise<MarkedPlace> {
  const id = `spawner${randomBytes(6).toString('hex')}`
  const folder = await makeExecution(all, id, owner)
  return { id, folder, remove: () => removeTree(folder) }
}

function executionRoom(house: LocalHouse, id: string, folder: string, onClosed: () => void): ExecutionRoom {
  const sites = new Set<{ close(): Promise<void> }>()
  let closing: Promise<void> | undefined
  async function close(): Promise<void> {
    await Promise.all([...sites].map((site) => site.close()))
    await killAll({ groupIds: [], marks: [`${EXECUTION_MARK}=${id}`], places: [folder] })
    await removeTree(folder)
    onClosed()
  }
  return {
    async openSite(request) {
      if (closing) throw closed(id)
      const site = await openSite(house, id, folder, request)
      const known = { ...site, close: () => site.close().finally(() => sites.delete(known)) }
      sites.add(known)
      if (!closing && !request.signal.aborted) return known
      await known.close()
      throw request.signal.aborted ? request.signal.reason : closed(id)
    },
    close: () => (closing ??= Promise.resolve().then(close)),
  }
}

function checkId({ id }: ExecutionRequest): void {
  if (/^[a-z0-9]{1,64}$/.test(id)) return
  throw new EverwarmError('EXECUTOR_UNREACHABLE', {
    message: `"${id}" is no id of an execution: it is made of lower-case letters and digits.`,
    hint: 'This is a mistake in everwarm; please report it.',
  })
}

const closed = (id: string) =>
  new EverwarmError('SITE_LOST', { message: `The execution ${id} is closed.`, hint: 'Run the workflow again.' })
