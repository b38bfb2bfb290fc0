import { createHash, randomInt } from 'node:crypto'
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lifeOf, ownMark, type ProcessMark } from '../../system/process-mark.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { makeFolder } from '../../system/files.ts'
import { namesIn } from './execution-folder.ts'
import { inLine, type Ticket } from './group-order.ts'

/** What lies in a ticket's file; written once, never changed. */
interface WrittenTicket extends Omit<Ticket, 'number'> {
  owner: ProcessMark
}

/** How often a holder shows that it is there, for those who cannot look for its process. */
export const SIGN_MS = 10_000
/** A holder out of sight (another container) is taken for dead after so long without a sign. */
const SIGNLESS_MS = 45_000
const SCRAP_AGE_MS = 60_000
const TICKET = /^(\d{9})-(w[0-9a-z]+)\.json$/

export interface GroupLine {
  readonly folder: string
  /** Stands at the end from now on. */
  take(mine: Omit<Ticket, 'number'>): Promise<HeldTicket>
  /** Of living holders; files of dead ones are removed. */
  living(): Ticket[]
}

export interface HeldTicket {
  ticket: Ticket
  /** Shows that its holder is there. */
  sign(): void
  /** Safe to call twice. */
  leave(): void
}

/** The line of one group, as files in `groups/<hash>/`: of all processes of this user on this machine. */
export function groupLine(groups: string, group: string, clock: Clock = systemClock): GroupLine {
  const folder = join(groups, createHash('sha256').update(group).digest('hex').slice(0, 16))
  makeFolder(folder)
  const known = new Map<string, WrittenTicket>()
  return {
    folder,
    living: () => livingTickets(folder, known),
    async take(mine) {
      for (;;) {
        const held = draw(folder, mine)
        if (held) return held
        // Two who draw at the same moment should not do so again.
        await new Promise<void>((resolve) => clock.after(1 + randomInt(20), resolve))
      }
    },
  }
}

/**
 * undefined: somebody with a higher number was there first, and may not see this one.
 * Who decides has looked after it drew; so of any two, the higher has seen the lower.
 */
function draw(folder: string, mine: Omit<Ticket, 'number'>): HeldTicket | undefined {
  const ticket = { ...mine, number: 1 + Math.max(0, ...numbered(folder).map(({ number }) => number)) }
  const path = join(folder, `${String(ticket.number).padStart(9, '0')}-${ticket.id}.json`)
  const { id, max, cancelsOthers } = ticket
  const draft = join(folder, `.${id}.draft`)
  writeFileSync(draft, JSON.stringify({ id, max, cancelsOthers, owner: ownMark() } satisfies WrittenTicket), { mode: 0o600 })
  renameSync(draft, path)
  const leave = () => rmSync(path, { force: true })
  if (numbered(folder).some((other) => inLine(other, ticket) > 0)) {
    leave()
    return undefined
  }
  return { ticket, leave, sign: () => touch(path) }
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // Somebody removed it by hand; a sign is all this was.
  }
}

function numbered(folder: string): { number: number; id: string; name: string }[] {
  return namesIn(folder).flatMap((name) => {
    const [, number, id] = TICKET.exec(name) ?? []
    return number === undefined ? [] : [{ number: Number(number), id: id!, name }]
  })
}

function livingTickets(folder: string, known: Map<string, WrittenTicket>): Ticket[] {
  const self = ownMark()
  removeScraps(folder)
  const all = numbered(folder)
  for (const name of known.keys()) if (!all.some((each) => each.name === name)) known.delete(name)
  return all.flatMap(({ number, name }) => {
    const path = join(folder, name)
    const written = known.get(name) ?? readTicket(path)
    if (!written) return []
    known.set(name, written)
    if (!isDead(written, path, self)) return [{ ...written, number }]
    rmSync(path, { force: true })
    return []
  })
}

function isDead({ owner }: WrittenTicket, path: string, self: ProcessMark): boolean {
  const life = lifeOf(owner, self)
  if (life !== 'unknown') return life === 'dead'
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > SIGNLESS_MS
}

function readTicket(path: string): WrittenTicket | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as WrittenTicket
  } catch {
    // Its holder left a moment ago.
    return undefined
  }
}

function removeScraps(folder: string): void {
  for (const name of namesIn(folder).filter((name) => name.endsWith('.draft'))) {
    const path = join(folder, name)
    const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (ageMs > SCRAP_AGE_MS) rmSync(path, { force: true })
  }
}
