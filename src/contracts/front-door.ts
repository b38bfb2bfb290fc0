import { EverwarmError } from './errors.ts'

/**
 * How a client that is not Node asks for a whole command: `docs/protocol/front-door.md`. Bytes, not `v8.serialize`, because
 * the client is a small C program.
 */
export const FRONT_DOOR_VERSION = 1
/** Frames of all other clients begin with the high byte of a length below 512 MB. */
export const FRONT_DOOR_BYTE = 'E'.charCodeAt(0)
/** More would be an environment that no process can have (Linux: 128 KiB per string, a quarter of the stack in all). */
export const MAX_REQUEST_BYTES = 16 * 1024 * 1024
/** The line with the token. */
export const MAX_GREETING_BYTES = 512

/** A command with all that its process has been given. */
export interface FrontRequest {
  /** `run`, `vitest`. */
  command: string
  /** Without the command. */
  args: string[]
  cwd: string
  env: Record<string, string>
  pid: number
  /** Which of the client's file descriptors 0, 1, 2 are terminals. */
  terminals: [stdin: boolean, stdout: boolean, stderr: boolean]
  /** Of the terminal; 0 without one. */
  columns: number
  rows: number
}

/**
 * From the daemon: `H` host, `R` run it yourself. From both: `F` failed. From the host: `O` and `E` bytes for 1 and 2,
 * `I` stdin is wanted, `X` exit.
 */
export type FrontFrameToClient = 'H' | 'R' | 'F' | 'O' | 'E' | 'I' | 'X'
/** To the host: `S` a signal's number, `W` columns and rows, `I` bytes of stdin (none: its end). */
export type FrontFrameToHost = 'S' | 'W' | 'I'

export interface FrontFrame {
  type: string
  payload: Buffer
}

const HEADER_BYTES = 5

export function encodeFrontFrame(type: FrontFrameToClient | FrontFrameToHost, payload: Uint8Array | string): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  frame.write(type, 0, 'latin1')
  frame.writeUInt32LE(body.length, 1)
  frame.set(body, HEADER_BYTES)
  return frame
}

/** Turns chunks of any cut into frames. @throws EverwarmError FRAME_TOO_LARGE */
export function frontFrameReader(onFrame: (frame: FrontFrame) => void): (chunk: Buffer) => void {
  let seen: Buffer = Buffer.alloc(0)
  return (chunk) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
    while (seen.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + checkedLength(seen.readUInt32LE(1))
      if (seen.length < end) return
      const frame = { type: String.fromCharCode(seen[0]!), payload: seen.subarray(HEADER_BYTES, end) }
      seen = seen.subarray(end)
      onFrame(frame)
    }
  }
}

export function encodeGreeting(token: string, version: string): string {
  return `EVERWARM ${FRONT_DOOR_VERSION} ${token} ${version}\n`
}

/** The two words of a greeting without its line end; undefined for one of another protocol. */
export function decodeGreeting(line: string): { token: string; version: string } | undefined {
  const [, protocol, token, version] = /^EVERWARM (\d+) (\S+) (\S+)$/.exec(line) ?? []
  return Number(protocol) === FRONT_DOOR_VERSION && token && version ? { token, version } : undefined
}

/** Length (little endian), then fields with a NUL between them. */
export function encodeRequest(request: FrontRequest): Buffer {
  const { command, cwd, pid, terminals, columns, rows, args, env } = request
  const flags = terminals.map((isOne) => (isOne ? '1' : '0')).join('')
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const body = Buffer.from([command, cwd, pid, flags, columns, rows, args.length, ...args, ...pairs].join('\0'))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(body.length)
  return Buffer.concat([length, body])
}

/** Takes the body of a request. @throws EverwarmError BAD_INPUT */
export function decodeRequest(body: Buffer): FrontRequest {
  const [command = '', cwd = '', pid, flags = '', columns, rows, argc, ...rest] = body.toString('utf8').split('\0')
  const count = whole(argc)
  if (command === '' || cwd === '' || !/^[01]{3}$/.test(flags) || count > rest.length) throw malformed()
  const [stdin, stdout, stderr] = [...flags].map((flag) => flag === '1') as FrontRequest['terminals']
  return {
    command,
    cwd,
    pid: whole(pid),
    terminals: [stdin, stdout, stderr],
    columns: whole(columns),
    rows: whole(rows),
    args: rest.slice(0, count),
    env: Object.fromEntries(rest.slice(count).flatMap(asEntry)),
  }
}

/** Collects the bytes of one request; `rest` is what came behind it. @throws EverwarmError BAD_INPUT, FRAME_TOO_LARGE */
export function requestReader(onRequest: (request: FrontRequest, rest: Buffer) => void): (chunk: Buffer) => void {
  const chunks: Buffer[] = []
  let seenBytes = 0
  let neededBytes = 4
  return (chunk) => {
    chunks.push(chunk)
    seenBytes += chunk.length
    if (seenBytes < neededBytes) return
    const seen = Buffer.concat(chunks.splice(0), seenBytes)
    chunks.push(seen)
    neededBytes = 4 + checkedLength(seen.readUInt32LE(0))
    if (seenBytes >= neededBytes) onRequest(decodeRequest(seen.subarray(4, neededBytes)), seen.subarray(neededBytes))
  }
}

/** A variable without `=` is none; one that begins with it (Windows: `=C:`) is. */
function asEntry(pair: string): [string, string][] {
  const at = pair.indexOf('=', 1)
  return at === -1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]]
}

function whole(text: string | undefined): number {
  if (text !== undefined && /^\d{1,10}$/.test(text)) return Number(text)
  throw malformed()
}

function checkedLength(bytes: number): number {
  if (bytes <= MAX_REQUEST_BYTES) return bytes
  throw new EverwarmError('FRAME_TOO_LARGE', {
    message: `${bytes} bytes at the front door are more than the ${MAX_REQUEST_BYTES} allowed.`,
    hint: 'Something other than everwarm is at the other end of this socket.',
  })
}

function malformed(): EverwarmError {
  return new EverwarmError('BAD_INPUT', {
    message: 'A request at the front door is malformed.',
    hint: 'Use the same version of everwarm on both sides: `everwarm client` compiles the client anew.',
  })
}
