import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EverwarmError } from '../../contracts/errors.ts'
import type { GlobPatterns } from '../../contracts/workflow/globs.ts'
import { type ArchiveLimits, DEFAULT_LIMITS } from '../archive/limits.ts'
import { type Landings, landings, type TransferConflict } from './landings.ts'
import { type Offers, offersIn } from './offers.ts'
import { receive } from './receive.ts'
import { ARCHIVE_TYPE, bearer, isSame, routeOf } from './wire.ts'

export type { TransferConflict } from './landings.ts'

export interface TransferServerOptions {
  /** Where it listens: 127.0.0.1 by default. */
  host?: string
  /** Under which others reach it; the host by default. */
  advertised?: string
  /** One that the system gives by default. */
  port?: number
  /** At least 16 characters; a new one by default. */
  token?: string
  /** For the archives, while it is open; the folder of temporary files by default. */
  scratch?: string
  limits?: ArchiveLimits
  onConflict?: (conflict: TransferConflict) => void
}

/** Gives archives away and takes them in, for one execution: who has its token may do both. */
export interface TransferServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly token: string
  /** Packs what matches now. @throws EverwarmError FILE_NOT_READ, ARCHIVE_REFUSED: too much */
  offer(folder: string, patterns: GlobPatterns): Promise<Offer>
  /** As `offer`, with a gzipped tar that somebody else has packed. */
  offerArchive(archive: Readable): Promise<Offer>
  /** @returns where archives for a folder are sent, but for `/<uploader>` at its end: 1 to 128 letters, digits, `.`, `_`, `-` */
  accept(to: string): string
  close(): Promise<void>
}

export interface Offer {
  /** SHA-256 of the archive: what is fetched is checked by it. */
  id: string
  url: string
}

/** From the first to the last byte of a request: an archive may be large, a line slow. */
const REQUEST_MS = 30 * 60_000
const HEADERS_MS = 10_000
/** A connection on which nothing moves for so long is lost. */
const IDLE_MS = 60_000
const MOST_CONNECTIONS = 1_000

/** @throws EverwarmError TRANSFER_FAILED: nothing can listen there */
export async function openTransferServer(options: TransferServerOptions = {}): Promise<TransferServer> {
  const { host = '127.0.0.1', scratch = tmpdir(), limits = DEFAULT_LIMITS, onConflict = () => {} } = options
  const folder = await mkdtemp(join(scratch, 'everwarm-transfer-'))
  const token = options.token ?? randomBytes(32).toString('base64url')
  const house: House = { token, folder, limits, offers: offersIn(folder, limits), landings: landings(limits, onConflict) }
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS }, (request, response) => {
    answer(house, request, response).catch(() => response.destroy())
  })
  server.setTimeout(IDLE_MS)
  server.maxConnections = MOST_CONNECTIONS
  const port = await listen(server, host, options.port).catch(async (cause: Error) => {
    await rm(folder, { recursive: true, force: true })
    throw new EverwarmError('TRANSFER_FAILED', {
      message: `Nothing can listen on ${host}: ${cause.message}.`,
      hint: 'Give an address of this machine, and a port that nobody else has.',
      cause,
    })
  })
  const url = `http://${inUrl(options.advertised ?? host)}:${port}`
  const offered = (id: string): Offer => ({ id, url: `${url}/download/${id}.tar.gz` })
  return {
    url,
    token,
    offer: async (from, patterns) => offered(await house.offers.folder(from, patterns)),
    offerArchive: async (archive) => offered(await house.offers.archive(archive)),
    accept: (to) => `${url}/upload/${house.landings.open(to)}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface House {
  token: string
  folder: string
  limits: ArchiveLimits
  offers: Offers
  landings: Landings
}

async function answer(house: House, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Who hangs up has heard enough.
  for (const stream of [request, response]) stream.on('error', () => {})
  const route = routeOf(request.method, request.url)
  const isKnown = isSame(request.headers.authorization ?? '', bearer(house.token))
  const offer = isKnown && route?.kind === 'download' ? house.offers.find(route.id) : undefined
  if (offer) {
    response.writeHead(200, { 'content-type': ARCHIVE_TYPE, 'content-length': offer.bytes })
    await pipeline(createReadStream(offer.path), response).catch(() => {})
  } else if (isKnown && route?.kind === 'upload' && house.landings.has(route.id)) {
    const status = await receive(request, route, house)
    finish(request, response, status)
  } else finish(request, response, 404)
}

/** Whoever is refused is told nothing but that. What it still sends is let run out, or it would lose the answer with the connection. */
function finish(request: IncomingMessage, response: ServerResponse, status: number): void {
  const headers = status === 204 ? {} : { 'content-length': 0, connection: 'close' }
  response.writeHead(status, headers).end()
  request.resume()
}

function listen(server: Server, host: string, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

const inUrl = (host: string) => (host.includes(':') ? `[${host}]` : host)
