import { pipeStore } from './pipes.ts'
import { EXECUTION_MARK } from './process-tree.ts'
import { openSpawner, type Spawner } from './spawn-aside.ts'
import { type Spawn, spawnHere } from './spawn-here.ts'

export interface WellSpawned {
  spawn: Spawn
  close(): Promise<void>
}

/** A folder with the mark of this engine: it goes when the engine is dead, with processes that bear its id. */
export interface MarkedPlace {
  id: string
  folder: string
  remove(): Promise<unknown>
}

/** So many processes are begun here before a spawner is worth its 40 ms and 40 MB. */
const FIRST_HERE = 8

/**
 * Begins the first processes as children of this one, and many through a spawner: to fork takes as long as this process has memory,
 * 1 ms at 70 MB and 6 ms at 270 MB.
 */
export function spawnWell(base: Readonly<Record<string, string>>, makePlace: () => Promise<MarkedPlace>): WellSpawned {
  let place: Promise<MarkedPlace> | undefined
  let spawner: Spawner | undefined
  let begun = 0
  const store = pipeStore(async () => (await (place ??= makePlace())).folder)

  async function openAside(): Promise<void> {
    const { id } = await place!
    spawner = openSpawner(base, { PATH: base['PATH'] ?? '', [EXECUTION_MARK]: id })
  }
  return {
    async spawn(request) {
      const pipes = await store.take()
      if (!pipes) return spawnHere(request)
      begun += 1
      if (begun === FIRST_HERE) void openAside()
      return spawner?.isReady ? spawner.spawn(request, pipes) : spawnHere(request, pipes)
    },
    async close() {
      spawner?.close()
      await (await place?.catch(() => undefined))?.remove()
    },
  }
}
