import { randomBytes } from 'node:crypto'
import { linkSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { type Clock, systemClock, type Timer } from '../system/clock.ts'
import { writeAtomically } from '../system/files.ts'
import { lifeOf, ownMark, type ProcessMark } from '../system/process-mark.ts'

/** How often an owner shows that it is there, for those who cannot look for its process. */
const SIGN_MS = 10_000
/** An owner out of sight (another container, another machine) is taken for dead after so long without a sign. */
export const SIGNLESS_MS = 45_000

export interface Ownership {
  /** Safe to call twice. */
  release(): void
}

/**
 * Makes this process the one owner of a folder, by a file beside it: `<folder>.owner-<n>`.
 *
 * The file with the highest number tells who owns it. Its owner gone, whoever can make the next number, does: a file
 * is made with its content or not at all (a link), so exactly one can. Lower numbers go only when a higher one is
 * there; so one who was slow and made a number that had been used finds a higher one, and gives way.
 * @throws EverwarmError DATABASE_LOCKED while the owner lives
 */
export function own(folder: string, clock: Clock = systemClock): Ownership {
  const highest = numbersOf(folder).at(-1) ?? 0
  if (highest > 0) refuseLiving(folder, fileOf(folder, highest))
  const mine = highest + 1
  if (!claim(folder, mine)) return own(folder, clock)
  for (const number of numbersOf(folder)) {
    if (number > mine) {
      rmSync(fileOf(folder, mine), { force: true })
      return own(folder, clock)
    }
    if (number < mine) rmSync(fileOf(folder, number), { force: true })
  }
  return ownership(fileOf(folder, mine), clock)
}

function ownership(file: string, clock: Clock): Ownership {
  let sign: Timer
  const show = () => {
    try {
      utimesSync(file, new Date(), new Date())
    } catch {
      // Somebody removed it by hand; a sign is all this was.
    }
    sign = clock.after(SIGN_MS, show)
  }
  sign = clock.after(SIGN_MS, show)
  let isHeld = true
  return {
    release() {
      if (!isHeld) return
      isHeld = false
      sign.cancel()
      try {
        // It stays, so that its number is not given again to one who was slow.
        writeAtomically(file, '{}')
      } catch {
        // Its folder is gone, and with it what was owned.
      }
    },
  }
}

/** false: somebody was quicker. */
function claim(folder: string, number: number): boolean {
  const draft = `${folder}.${randomBytes(4).toString('hex')}.draft`
  writeFileSync(draft, JSON.stringify(ownMark()), { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, fileOf(folder, number))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function refuseLiving(folder: string, file: string): void {
  const mark = readMark(file)
  if (mark === undefined) return
  const life = lifeOf(mark)
  const isAway = life === 'unknown' && Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > SIGNLESS_MS
  if (life === 'dead' || isAway) return
  const where = life === 'unknown' ? ` on ${mark.host}` : ''
  throw locked(folder, `process ${mark.pid}${where}`)
}

/** undefined: released, gone, or not one of ours. */
function readMark(file: string): ProcessMark | undefined {
  try {
    const mark = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessMark>
    return typeof mark.pid === 'number' ? (mark as ProcessMark) : undefined
  } catch {
    // Gone with its owner's successor; who claims next finds out whether there is one.
    return undefined
  }
}

function numbersOf(folder: string): number[] {
  const start = `${basename(folder)}.owner-`
  return readdirSync(dirname(folder))
    .filter((name) => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)))
    .map((name) => Number(name.slice(start.length)))
    .sort((a, b) => a - b)
}

const fileOf = (folder: string, number: number) => join(dirname(folder), `${basename(folder)}.owner-${number}`)

function locked(folder: string, by: string): EverwarmError {
  return new EverwarmError('DATABASE_LOCKED', {
    message: `The database in ${folder} is in use by ${by}.`,
    hint: 'Stop it, or name another folder; several coordinators share a Postgres by EVERWARM_DATABASE_URL.',
  })
}
