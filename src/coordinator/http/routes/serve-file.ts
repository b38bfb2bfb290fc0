import type { ArtifactStore, ShownAs } from '../../../artifacts/artifact-store.ts'
import { contentDisposition } from '../../../artifacts/names.ts'
import { unknownArtifact } from '../../../artifacts/verified.ts'
import { readRange } from './byte-range.ts'

const REDIRECT_MS = 300_000
const PLAIN: ShownAs = { name: 'artifact', type: 'application/octet-stream' }

/**
 * Nothing of a stranger's file may run where the coordinator's own pages do: no sniffing, no scripts, an origin of its own.
 * What a browser cannot show without running it is saved instead (`contentDisposition`).
 */
const CAGE = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** A file as GET and HEAD give it, whole or in part. What is in S3 is fetched from there. @throws EverwarmError ARTIFACT_UNKNOWN */
export async function serveFile(
  store: ArtifactStore,
  request: Request,
  sha256: string,
  shown: ShownAs = PLAIN,
): Promise<Response> {
  const found = await store.head(sha256)
  if (!found) throw unknownArtifact(sha256)
  if (store.kind === 's3') {
    const location = await store.downloadFrom(found, shown, Date.now() + REDIRECT_MS)
    return new Response(null, { status: 307, headers: { location, 'cache-control': 'no-store' } })
  }
  const etag = `"${sha256}"`
  const headers = new Headers({
    ...CAGE,
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=3600, immutable',
    'content-type': shown.type,
    'content-disposition': contentDisposition(shown),
  })
  if (request.headers.get('if-none-match')?.includes(etag)) return new Response(null, { status: 304, headers })
  const isSame = (request.headers.get('if-range') ?? etag) === etag
  const range = isSame ? readRange(request.headers.get('range'), found.size) : undefined
  if (range === 'unsatisfiable') {
    return new Response(null, { status: 416, headers: { ...CAGE, 'content-range': `bytes */${found.size}` } })
  }
  if (range) headers.set('content-range', `bytes ${range.start}-${range.end}/${found.size}`)
  headers.set('content-length', String(range ? range.end - range.start + 1 : found.size))
  const isBare = request.method === 'HEAD' || found.size === 0
  return new Response(isBare ? null : await store.get(sha256, range), { status: range ? 206 : 200, headers })
}
