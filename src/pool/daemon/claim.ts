import { randomBytes } from 'node:crypto'
import { lstatSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EverwarmError } from '../../contracts/errors.ts'
import { writeAtomically } from '../../system/files.ts'
import { type Address, type DaemonFiles, daemonFiles, daemonIdOf, linkTarget } from './address.ts'

/** The right to be this user's only daemon; it lasts as long as the process listens. */
export interface Claim {
  id: string
  files: DaemonFiles
  token: string
  /** Shows clients the way here, again if somebody removed it. */
  publish(): void
  /** New clients do not find the way any more; the hosts keep their sockets. */
  hide(): void
  /** Removes all that carries this daemon's id. */
  withdraw(): void
}

const PATIENCE_MS = 4_000
const SCRAP_AGE_MS = 60_000

/**
 * Makes `server` the one daemon of this address, or returns null: another one lives.
 *
 * The lock is the socket itself, so the kernel lets go of it with the process. Each candidate listens under a name of its own,
 * then looks for others that listen: of two that do so at once, at least one sees the other and steps back.
 * A name is never used twice, so removing a dead one cannot hit a newcomer, as it could with one well-known path.
 * @throws EverwarmError DAEMON_START_FAILED
 */
export async function claimAddress(address: Address, server: Server): Promise<Claim | null> {
  if (process.platform === 'win32') return claimPipe(address, server)
  const untilMs = Date.now() + PATIENCE_MS
  while (Date.now() < untilMs) {
    if (await isListening(address.socket)) return null
    const id = randomBytes(4).toString('hex')
    const files = daemonFiles(address, id)
    // Listening comes before the final name: nobody can see a socket that is bound but not yet listening, and take it for dead.
    const draft = join(address.run, `.n-${id}.sock`)
    await listen(server, draft)
    renameSync(draft, files.socket)
    if (!(await hasRival(address, files.socket))) {
      await tidy(address)
      return claimed(address, id, files)
    }
    rmSync(files.socket, { force: true })
    await new Promise((resolve) => server.close(resolve))
    await delay(5 + Math.random() * 50)
  }
  throw new EverwarmError('DAEMON_START_FAILED', {
    message: `Another daemon in ${address.run} neither serves nor ends.`,
    hint: 'Try again in a few seconds.',
  })
}

async function claimPipe(address: Address, server: Server): Promise<Claim | null> {
  try {
    await listen(server, address.socket)
  } catch (error) {
    // libuv asks for the first instance of a pipe: the name is the lock.
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE' || (error as NodeJS.ErrnoException).code === 'EACCES') return null
    throw error
  }
  const id = randomBytes(4).toString('hex')
  return claimed(address, id, daemonFiles(address, id))
}

function claimed(address: Address, id: string, files: DaemonFiles): Claim {
  const token = randomBytes(32).toString('hex')
  const hide = () => {
    if (process.platform === 'win32') return
    if (linkTarget(address.socket) === basename(files.socket)) rmSync(address.socket, { force: true })
    rmSync(files.socket, { force: true })
  }
  writeAtomically(files.token, `${token}\n${process.pid}\n`)
  return {
    id,
    files,
    token,
    publish() {
      if (process.platform === 'win32' || linkTarget(address.socket) === basename(files.socket)) return
      const draft = join(address.run, `.l-${id}.sock`)
      rmSync(draft, { force: true })
      symlinkSync(basename(files.socket), draft)
      renameSync(draft, address.socket)
    },
    hide,
    withdraw() {
      hide()
      removeFiles(address, id)
    },
  }
}

/** Looks at all that ever listened here; removes what the dead left. */
async function hasRival(address: Address, own: string): Promise<boolean> {
  const others = readdirSync(address.run).filter((name) => daemonIdOf(name) !== undefined && name !== basename(own))
  const alive = await Promise.all(others.map((name) => isListening(join(address.run, name))))
  others.forEach((name, i) => !alive[i] && removeFiles(address, daemonIdOf(name)!))
  return alive.includes(true)
}

/** What was interrupted between two steps, by a SIGKILL or a power cut, and carries the id of nobody that listens. */
async function tidy(address: Address): Promise<void> {
  const scraps = readdirSync(address.run).filter((name) => /^(?:\.[nl]-|launch-\d|h-)/.test(name))
  for (const name of scraps) {
    const path = join(address.run, name)
    const ageMs = Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    // Young ones belong to those who start at this moment; a host's socket lives on while its daemon drains.
    if (ageMs > SCRAP_AGE_MS && !(await isInUse(path))) rmSync(path, { recursive: true, force: true })
  }
}

/** A browser's folder is in use as long as its host listens beside it. */
const isInUse = (path: string) => isListening(path.endsWith('.d') ? `${path.slice(0, -2)}.sock` : path)

function removeFiles(address: Address, id: string): void {
  if (process.platform === 'win32') return rmSync(daemonFiles(address, id).token, { force: true })
  for (const name of readdirSync(address.run)) {
    if (name.startsWith(`d-${id}.`) || name.startsWith(`h-${id}-`) || name === `.l-${id}.sock`)
      rmSync(join(address.run, name), { recursive: true, force: true })
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Whether a process listens at this path: also one that is stopped or too busy to answer. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(!['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR'].includes(error.code ?? '')),
    )
  })
}
