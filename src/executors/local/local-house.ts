import type { Clock, Timer } from '../../system/clock.ts'
import type { GroupReaper } from '../../system/group-reaper.ts'
import { type Belonging, killAll } from './process-tree.ts'
import type { Spawn } from './spawn-here.ts'

/** What all executions of one executor have together. */
export interface LocalHouse {
  /** Variables of the caller that commands see. */
  base: Readonly<Record<string, string>>
  clock: Clock
  spawn: Spawn
  reaper: GroupReaper
  /** Ports that are given to services. */
  takenPorts: Set<number>
  strays: Strays
}

/** Ends processes that have left their group and outlived their site: one look for many sites. */
export interface Strays {
  /** Within three seconds. */
  look(of: Pick<Belonging, 'marks'> & { places: readonly string[] }): void
  /** Now, if anything is to be looked for. */
  lookNow(): Promise<void>
  close(): void
}

/** A look at all processes takes some ms: too much for each of a thousand sites. */
const LOOK_MS = 3_000

export function watchStrays(clock: Clock): Strays {
  let marks: string[] = []
  let places: string[] = []
  let timer: Timer | undefined
  const lookNow = async () => {
    timer?.cancel()
    timer = undefined
    const wanted = { groupIds: [], marks, places }
    marks = []
    places = []
    if (wanted.marks.length > 0) await killAll(wanted)
  }
  return {
    look(more) {
      marks.push(...more.marks)
      places.push(...more.places)
      timer ??= clock.after(LOOK_MS, () => void lookNow())
    },
    lookNow,
    close: () => timer?.cancel(),
  }
}
