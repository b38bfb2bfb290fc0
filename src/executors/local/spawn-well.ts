import { join } from 'node:path'
import { EXECUTION_MARK } from './process-tree.ts'
import { openSpawner, type Spawner } from './spawn-aside.ts'
import { type Spawn, spawnHere } from './spawn-here.ts'

export interface WellSpawned {
  spawn: Spawn
  close(): Promise<void>
}

/** So many processes are begun here before a spawner is worth its 40 ms and 40 MB. */
const FIRST_HERE = 16
/** @see unix(7): sun_path */
const MOST_PATH_BYTES = 103

/**
 * Begins the first processes as children of this one, and many through a spawner: to fork takes as long as this process has memory,
 * 1 ms at 70 MB and 6 ms at 270 MB.
 * @param makePlace a new folder with a mark of this engine, which goes when it is dead, with processes of the same mark
 */
export function spawnWell(options: {
  base: Readonly<Record<string, string>>
  makePlace(): Promise<{ id: string; folder: string; remove(): Promise<unknown> }>
}): WellSpawned {
  const { base, makePlace } = options
  let begun = 0
  let spawner: Spawner | undefined
  let place: Promise<Awaited<ReturnType<typeof makePlace>>> | undefined

  async function open(): Promise<void> {
    place = makePlace()
    const { id, folder } = await place
    const socketPath = join(folder, 's')
    if (Buffer.byteLength(socketPath) > MOST_PATH_BYTES) return
    spawner = openSpawner({ socketPath, base, env: { PATH: base['PATH'] ?? '', [EXECUTION_MARK]: id } })
  }
  return {
    spawn(request) {
      begun += 1
      if (process.platform === 'win32') return spawnHere(request)
      // Without a folder it goes on as it began.
      if (begun === FIRST_HERE) open().catch(() => {})
      return spawner?.isReady ? spawner.spawn(request) : spawnHere(request)
    },
    async close() {
      const made = await place?.catch(() => undefined)
      spawner?.close()
      await made?.remove()
    },
  }
}
