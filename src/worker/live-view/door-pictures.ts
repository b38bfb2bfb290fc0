import { type FSWatcher, watch } from 'node:fs'
import { FIRST_VIEW_ID, type ViewPlace } from '../../contracts/view-door.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { cdpOver } from './cdp.ts'
import { doorWay } from './door-way.ts'
import { type PictureLimits, type PictureSource, screencast, type TakePicture } from './screencast.ts'
import { type SharedSource, sharedSource } from './shared-source.ts'

/** Before the next door is tried: a browser that ends may take its door away a moment later. */
const PAUSE_MS = 200

/** Pictures of the browser that was opened last, until it is gone. @throws Error: there is none */
export async function throughDoor(place: ViewPlace, take: TakePicture, limits: PictureLimits): Promise<PictureSource> {
  const way = await doorWay(place)
  const cdp = cdpOver(way, FIRST_VIEW_ID)
  try {
    const { sessionId } = await cdp.call('Target.attachToBrowserTarget')
    const source = await screencast(cdp, take, limits, { root: sessionId as string })
    return { ended: source.ended, stop: () => source.stop().finally(() => way.close()) }
  } catch (error) {
    way.close()
    throw error
  }
}

/** Of `sharedDoors`. @throws Error: there is none */
export type OpenDoor = (name: string, take: TakePicture, limits: PictureLimits) => Promise<PictureSource>

/** The doors of a folder, each looked through once, for all who want to see the same. The first one's limits hold. */
export function sharedDoors(folder: string): OpenDoor {
  const shared = new Map<string, Promise<SharedSource>>()
  return async (name, take, limits) => {
    const leave = () => void (shared.get(name) === source && shared.delete(name))
    const begin = () => sharedSource((give) => throughDoor({ folder, shardId: name }, give, limits), leave)
    const source = shared.get(name) ?? begin()
    shared.set(name, source)
    try {
      return (await source).join(take)
    } catch (error) {
      leave()
      throw error
    }
  }
}

/**
 * Pictures of one browser after the other, as the tests of a shard open them, until it is stopped: a test that failed gets
 * a new browser, and who looks sees that one next. Waits while there is none.
 * @param names of the shard, and of what it shares browsers with
 */
export function followDoors(
  { folder, open, names }: { folder: string; open: OpenDoor; names: readonly string[] },
  take: TakePicture,
  limits: PictureLimits,
  clock: Clock = systemClock,
): PictureSource {
  const stopped = Promise.withResolvers<void>()
  let isStopped = false
  let onChange = () => {}
  let watcher: FSWatcher | undefined
  const isOn = () => !isStopped

  async function look(): Promise<void> {
    // Before the first look, so that no door is missed.
    watcher = watch(folder, { persistent: false }, () => onChange())
    // Without the folder there are no doors, and the shard ends the view.
    watcher.on('error', () => {})
    while (isOn()) {
      const changed = new Promise<void>((resolve) => (onChange = resolve))
      const opening = firstOf(open, names, take, limits)
      const source = await Promise.race([opening, stopped.promise])
      // A browser that says nothing may keep who knocks waiting.
      if (isStopped) return void opening.then((late) => late?.stop())
      if (!source) {
        await Promise.race([changed, stopped.promise])
        continue
      }
      await Promise.race([source.ended, stopped.promise])
      await source.stop()
      await Promise.race([new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve)), stopped.promise])
    }
  }
  const ended = look().finally(() => watcher?.close())
  return {
    ended,
    stop() {
      isStopped = true
      stopped.resolve()
      return ended
    },
  }
}

async function firstOf(
  open: OpenDoor,
  names: readonly string[],
  take: TakePicture,
  limits: PictureLimits,
): Promise<PictureSource | undefined> {
  for (const name of names) {
    try {
      return await open(name, take, limits)
    } catch {
      // None is open, or it ended in this moment: another one will be.
    }
  }
  return undefined
}
