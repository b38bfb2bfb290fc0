import type { ArtifactStore } from '../../../artifacts/artifact-store.ts'
import type { DiskStore } from '../../../artifacts/disk.ts'
import { readGrant, ARTIFACT_PATH } from '../../../artifacts/presign.ts'
import { ArtifactAnnounce, ArtifactOwnerId, Sha256 } from '../../../contracts/artifacts.ts'
import { EverwarmError } from '../../../contracts/errors.ts'
import { checked } from '../../../system/checked.ts'
import type { ArtifactService } from '../../artifact-service.ts'
import type { Caller } from '../../service.ts'
import { serveFile } from './serve-file.ts'

const MOST_ANNOUNCE_BYTES = 65_536
const PAGE = 1_000
const MOST_PAGE = 10_000

/** undefined for what is not one of these routes. @throws EverwarmError, for whoever answers errors */
export type ArtifactRoutes = (request: Request, caller: Caller | undefined) => Promise<Response | undefined>

/**
 * `POST /api/artifacts`, `PUT`, `GET`, `HEAD /api/artifacts/sha256/:hash`, `GET /api/execution/parallel/:id/artifacts`.
 * A signed address needs no caller: it is to be asked before anybody is turned away for want of a token.
 */
export function artifactRoutes(service: ArtifactService): ArtifactRoutes {
  return async (request, caller) => {
    const url = new URL(request.url)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (url.pathname === '/api/artifacts') {
      allow(method, ['POST'])
      return Response.json(await service.announce(known(caller), await readAnnounce(request)))
    }
    if (url.pathname.startsWith(ARTIFACT_PATH)) {
      allow(method, ['GET', 'PUT'])
      const sha256 = checked(Sha256, url.pathname.slice(ARTIFACT_PATH.length), 'The address of the artifact')
      return method === 'PUT'
        ? receive(service, request, sha256, url.searchParams)
        : give(service, request, sha256, url.searchParams, caller)
    }
    const [, sessionId] = /^\/api\/execution\/parallel\/([^/]+)\/artifacts$/.exec(url.pathname) ?? []
    if (!sessionId) return undefined
    allow(method, ['GET'])
    return Response.json(
      await service.list(
        known(caller),
        checked(ArtifactOwnerId, decoded(sessionId), 'The id of the session'),
        readPage(url.searchParams),
      ),
    )
  }
}

async function receive(service: ArtifactService, request: Request, sha256: string, query: URLSearchParams): Promise<Response> {
  const grant = readGrant('PUT', sha256, query, diskSecret(service.store), service.now())
  const length = request.headers.get('content-length')
  if (length !== null && Number(length) !== grant.size) {
    throw new EverwarmError('ARTIFACT_MISMATCH', {
      message: `${length} bytes were to be sent, and ${grant.size} were announced.`,
    })
  }
  await service.store.put(sha256, grant.size, (request.body as AsyncIterable<Uint8Array> | null) ?? nothing())
  return Response.json({ sha256, size: grant.size }, { status: 201 })
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function give(
  service: ArtifactService,
  request: Request,
  sha256: string,
  query: URLSearchParams,
  caller: Caller | undefined,
): Promise<Response> {
  const { store } = service
  const shown = query.has('signature') ? readGrant('GET', sha256, query, diskSecret(store), service.now()).shown : undefined
  if (!query.has('signature') && known(caller).may !== 'everything') {
    throw new EverwarmError('FORBIDDEN', {
      message: 'Workers may not read artifacts.',
      hint: 'List the artifacts of the session, with a token that may, for a signed address.',
    })
  }
  return serveFile(store, request, sha256, shown)
}

function diskSecret(store: ArtifactStore): Uint8Array {
  if (store.kind === 'disk') return (store as DiskStore).secret
  throw new EverwarmError('METHOD_REFUSED', {
    message: 'This coordinator keeps artifacts in S3, and signs no addresses of its own.',
    hint: 'Use the address that the announcement or the list gives.',
  })
}

async function readAnnounce(request: Request): Promise<ArtifactAnnounce> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (request.body as AsyncIterable<Uint8Array> | null) ?? nothing()) {
    bytes += chunk.byteLength
    if (bytes > MOST_ANNOUNCE_BYTES)
      throw new EverwarmError('BODY_TOO_LARGE', { message: `An announcement has at most ${MOST_ANNOUNCE_BYTES} bytes.` })
    chunks.push(chunk)
  }
  try {
    return checked(ArtifactAnnounce, JSON.parse(Buffer.concat(chunks).toString()), 'The announcement')
  } catch (cause) {
    throw cause instanceof EverwarmError
      ? cause
      : new EverwarmError('BAD_INPUT', { message: 'The announcement is not JSON.', cause })
  }
}

function readPage(query: URLSearchParams): { limit: number; after?: string } {
  const [limit, after] = [query.get('limit') ?? String(PAGE), query.get('after')]
  if (
    !/^\d{1,5}$/.test(limit) ||
    Number(limit) < 1 ||
    Number(limit) > MOST_PAGE ||
    (after !== null && !/^\d{1,18}$/.test(after))
  ) {
    throw new EverwarmError('BAD_INPUT', {
      message: `limit is a number from 1 to ${MOST_PAGE}, and after is what the page before called next.`,
    })
  }
  return { limit: Number(limit), ...(after === null ? {} : { after }) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new EverwarmError('BAD_INPUT', { message: 'The id of the session is not encoded as an address is.', cause })
  }
}

function known(caller: Caller | undefined): Caller {
  if (caller) return caller
  throw new EverwarmError('TOKEN_MISSING', { message: 'This needs a token.', hint: 'Send it as `authorization: Bearer …`.' })
}

function allow(method: string, methods: readonly string[]): void {
  if (methods.includes(method)) return
  throw new EverwarmError('METHOD_REFUSED', {
    message: `${method.slice(0, 20)} is not for this address.`,
    hint: `Use ${methods.join(' or ')}.`,
  })
}
