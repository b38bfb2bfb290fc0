import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { privateFolder } from '../../system/files.ts'
import { type Env, readSettings } from '../../system/settings.ts'

/** Where one user's daemon is found. */
export interface Address {
  /** What outlives a daemon: its log and the profiles used last. */
  home: string
  /** Sockets and tokens; the same folder, unless its path is too long for a socket. */
  run: string
  /** Where clients connect: a link to the socket of the daemon that lives, or a named pipe. */
  socket: string
}

/** The files of one daemon carry its id: what a dead one left can be removed without touching another's. */
export interface DaemonFiles {
  socket: string
  token: string
  hostSocket(hostId: string): string
}

const IS_WINDOWS = process.platform === 'win32'
/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing NUL included (man 7 unix). */
const MAX_SOCKET_PATH_BYTES = 103
/** The longest name in the folder: `h-` id `-` host number `.sock`, with drafts of links beside. */
const LONGEST_NAME = 'h-12345678-1234567.sock'

/**
 * `$EVERWARM_HOME`, else `$XDG_RUNTIME_DIR/everwarm`, else `<tmp>/everwarm-<uid>`. Touches nothing.
 * @throws EverwarmError ADDRESS_TOO_LONG, CONFIG_INVALID
 */
export function daemonAddress(env: Env = process.env): Address {
  const home = homeFolder(env)
  if (IS_WINDOWS) return { home, run: home, socket: `\\\\.\\pipe\\everwarm-${shortHash(home)}` }
  const run = [home, resolve(tmpdir(), shortName(home)), join('/tmp', shortName(home))].find(fitsSocket)
  if (run === undefined) {
    throw new EverwarmError('ADDRESS_TOO_LONG', {
      message: `${home} is too long for a socket: ${MAX_SOCKET_PATH_BYTES} bytes at most, file name included.`,
      hint: 'Set EVERWARM_HOME or TMPDIR to a shorter path.',
    })
  }
  return { home, run, socket: join(run, 'daemon.sock') }
}

function homeFolder(env: Env): string {
  const { home } = readSettings(env)
  if (home !== undefined) return resolve(home)
  if (env.XDG_RUNTIME_DIR && isOwnFolder(env.XDG_RUNTIME_DIR)) return resolve(env.XDG_RUNTIME_DIR, 'everwarm')
  return resolve(tmpdir(), `everwarm-${userId()}`)
}

/** After `su` the variable often names the folder of the user before. */
function isOwnFolder(path: string): boolean {
  try {
    const found = statSync(path)
    return found.isDirectory() && (IS_WINDOWS || found.uid === process.getuid!())
  } catch {
    // Absent, or a name that no folder can have.
    return false
  }
}

function userId(): string {
  return IS_WINDOWS ? shortHash(process.env.USERNAME ?? '') : String(process.getuid!())
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 10)
const shortName = (home: string) => `everwarm-${userId()}-${shortHash(home)}`
const fitsSocket = (folder: string) => Buffer.byteLength(join(folder, LONGEST_NAME)) <= MAX_SOCKET_PATH_BYTES

/**
 * Makes the folders, or checks those that are there, and what stands where the socket belongs.
 * @throws EverwarmError ADDRESS_UNSAFE
 */
export function prepareAddress({ home, run, socket }: Address): void {
  privateFolder(home, isOurs)
  if (run !== home) privateFolder(run, isOurs)
  if (IS_WINDOWS) return
  const found = lstatSync(socket, { throwIfNoEntry: false })
  if (!found || found.isSymbolicLink() || found.isSocket()) return
  throw new EverwarmError('ADDRESS_UNSAFE', {
    message: `${socket} is a ${found.isDirectory() ? 'folder' : 'file'}, not everwarm's socket.`,
    hint: 'Remove it, or set EVERWARM_HOME to another folder.',
  })
}

/** Names of all that everwarm puts into its folder. */
const isOurs = (name: string) =>
  /^(?:daemon\.(?:sock|token|log(?:\.old)?)|last-used\.json.*|compile-cache|coordinator|orchestrator|executions|groups|client-.*|launch.*|[dh]-.*|\.[nl]-.*)$/.test(
    name,
  )

export function daemonFiles(address: Address, id: string): DaemonFiles {
  if (IS_WINDOWS) {
    return {
      socket: address.socket,
      token: join(address.run, 'daemon.token'),
      hostSocket: (hostId) => `${address.socket}-${id}-${hostId}`,
    }
  }
  return {
    socket: join(address.run, `d-${id}.sock`),
    token: join(address.run, `d-${id}.token`),
    hostSocket: (hostId) => join(address.run, `h-${id}-${hostId}.sock`),
  }
}

/** The id in the name of a daemon's socket. */
export function daemonIdOf(path: string): string | undefined {
  return /^d-([0-9a-f]{8})\.sock$/.exec(basename(path))?.[1]
}

/** The daemon that the address leads to now, alive or not: where it listens, what opens it, its process. */
export function currentDaemon(address: Address): { socket: string; token: string; pid: number } | undefined {
  const id = IS_WINDOWS ? '' : daemonIdOf(linkTarget(address.socket))
  if (id === undefined) return undefined
  const files = daemonFiles(address, id)
  const [token = '', pid = '0'] = readOr(files.token, '').split('\n')
  return { socket: files.socket, token, pid: Number(pid) }
}

export function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    // ENOENT, EINVAL: there is none.
    return ''
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The daemon may be gone since its link was read; a refused token says so soon enough.
    return otherwise
  }
}
