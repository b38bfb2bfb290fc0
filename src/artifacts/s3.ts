import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { EverwarmError } from '../contracts/errors.ts'
import { getStream } from '../system/get-stream.ts'
import { putStream } from '../system/put-stream.ts'
import type { ArtifactStore, ByteRange, Bytes, ShownAs, StoredArtifact } from './artifact-store.ts'
import { contentDisposition } from './names.ts'
import { askS3 } from './s3-client.ts'
import { readS3Page } from './s3-list.ts'
import { s3Address } from './s3-options.ts'
import type { S3Options } from './s3-options.ts'
import { mismatch, unknownArtifact, verified } from './verified.ts'

type Signer = typeof import('aws4fetch').AwsV4Signer

interface Bucket {
  options: S3Options
  Signer: Signer
}

/** S3 takes no more for one address. */
const LONGEST_GRANT_S = 604_800
const OWN_REQUEST_MS = 900_000

/**
 * Artifacts in a bucket of any S3. Workers and watchers speak to it directly, by addresses that are signed here.
 * @throws EverwarmError PACKAGE_MISSING
 */
export async function openS3Store(options: S3Options): Promise<ArtifactStore> {
  const bucket = { options, Signer: await loadSigner() }
  return {
    kind: 's3',
    head: (sha256) => head(bucket, sha256),
    put: (sha256, size, body) => put(bucket, sha256, size, body),
    verify: (sha256, size) => verify(bucket, sha256, size),
    get: (sha256, range) => get(bucket, sha256, range),
    delete: async (sha256) => void (await ask(bucket, 'DELETE', key(bucket, sha256))),
    list: () => list(bucket),
    // A bucket shows whole objects only, and an upload is one request.
    sweep: async () => {},
    uploadTo: async (sha256, size, expiresAtMs) => {
      // In the signature: with other bytes than these, S3 refuses the upload.
      const headers = { 'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64') }
      const url = await sign(bucket, 'PUT', key(bucket, sha256), { expiresAtMs, headers })
      return { method: 'PUT', url, headers: { ...headers, 'content-length': String(size) } }
    },
    downloadFrom: ({ sha256 }, shown, expiresAtMs) =>
      sign(bucket, 'GET', key(bucket, sha256), { expiresAtMs, query: shownQuery(shown) }),
  }
}

async function loadSigner(): Promise<Signer> {
  try {
    return (await import('aws4fetch')).AwsV4Signer
  } catch (cause) {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'Artifacts in S3 need the package aws4fetch, which is not installed.',
      hint: 'npm install aws4fetch',
      cause,
    })
  }
}

/** S3 answers with these headers instead of what was stored. */
const shownQuery = (shown: ShownAs) => ({
  'response-content-type': shown.type,
  'response-content-disposition': contentDisposition(shown),
})

interface SignedWith {
  expiresAtMs?: number
  query?: Record<string, string>
  headers?: Record<string, string>
}

async function sign(
  { options, Signer }: Bucket,
  method: string,
  key: string,
  { expiresAtMs, query, headers }: SignedWith,
): Promise<string> {
  const url = s3Address(options, key)
  const seconds = Math.ceil(((expiresAtMs ?? Date.now() + OWN_REQUEST_MS) - Date.now()) / 1_000)
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
  url.searchParams.set('X-Amz-Expires', String(Math.min(LONGEST_GRANT_S, Math.max(1, seconds))))
  const { accessKeyId, secretAccessKey, sessionToken, region } = options
  const who = { accessKeyId, secretAccessKey, region, ...(sessionToken ? { sessionToken } : {}) }
  const signed = await new Signer({
    method,
    url: url.href,
    service: 's3',
    signQuery: true,
    allHeaders: true,
    ...who,
    ...(headers ? { headers } : {}),
  }).sign()
  return signed.url.href
}

async function ask(
  bucket: Bucket,
  method: string,
  key: string,
  asked: SignedWith & { unsigned?: Record<string, string> } = {},
): Promise<Response> {
  return askS3(placeOf(bucket), async (signal) => {
    const url = await sign(bucket, method, key, asked)
    const headers = { ...asked.headers, ...asked.unsigned }
    return method === 'GET' ? getAnswer(new URL(url), headers, signal) : fetch(url, { method, signal, headers })
  })
}

async function getAnswer(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const answer = await getStream(url, { headers, signal })
  return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, { status: answer.statusCode! })
}

const placeOf = ({ options }: Bucket) => `s3://${options.bucket}/${options.prefix}`
const key = ({ options }: Bucket, sha256: string) => `${options.prefix}sha256/${sha256.slice(0, 2)}/${sha256.slice(2)}`

async function head(bucket: Bucket, sha256: string): Promise<(StoredArtifact & { checksum: string | null }) | undefined> {
  const answer = await ask(bucket, 'HEAD', key(bucket, sha256), { headers: { 'x-amz-checksum-mode': 'ENABLED' } })
  if (answer.status === 404) return undefined
  return {
    sha256,
    size: Number(answer.headers.get('content-length')),
    storedAtMs: Date.parse(answer.headers.get('last-modified') ?? ''),
    checksum: answer.headers.get('x-amz-checksum-sha256'),
  }
}

/** One try: the body can be read once. */
async function put(bucket: Bucket, sha256: string, size: number, body: Bytes): Promise<void> {
  const headers = { 'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64') }
  const url = await sign(bucket, 'PUT', key(bucket, sha256), { headers })
  const request = { headers: { ...headers, 'content-length': String(size) }, body: verified(body, sha256, size) }
  const send = async () => {
    const { status, text } = await putStream(new URL(url), request)
    return new Response(status === 204 ? null : text, { status })
  }
  const answer = await askS3(placeOf(bucket), send, 1)
  if (answer.status === 404) throw missingBucket(bucket)
}

/** A store that tells no checksum may not have checked it: what it has is read once. */
async function verify(bucket: Bucket, sha256: string, size: number): Promise<void> {
  const found = await head(bucket, sha256)
  if (!found) throw unknownArtifact(sha256)
  const hash = found.checksum ? Buffer.from(found.checksum, 'base64').toString('hex') : await hashOf(bucket, sha256)
  if (hash !== sha256) {
    await ask(bucket, 'DELETE', key(bucket, sha256))
    throw mismatch(sha256, `has the SHA-256 ${hash}`)
  }
  if (found.size !== size) throw mismatch(sha256, `has ${found.size} bytes, and ${size} were announced`)
}

async function hashOf(bucket: Bucket, sha256: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of await get(bucket, sha256)) hash.update(chunk)
  return hash.digest('hex')
}

async function get(bucket: Bucket, sha256: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
  const unsigned: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end}` } : {}
  const answer = await ask(bucket, 'GET', key(bucket, sha256), { unsigned })
  if (answer.status === 404) throw unknownArtifact(sha256)
  return answer.body ?? new Blob([]).stream()
}

async function* list(bucket: Bucket): AsyncGenerator<StoredArtifact> {
  let next: string | undefined
  do {
    const query = { 'list-type': '2', prefix: `${bucket.options.prefix}sha256/`, ...(next ? { 'continuation-token': next } : {}) }
    const answer = await ask(bucket, 'GET', '', { query })
    if (answer.status === 404) throw missingBucket(bucket)
    const page = readS3Page(await answer.text())
    for (const { key, size, storedAtMs } of page.entries) {
      const sha256 = key.slice(query.prefix.length).replace('/', '')
      if (/^[0-9a-f]{64}$/.test(sha256)) yield { sha256, size, storedAtMs }
    }
    next = page.next
  } while (next)
}

const missingBucket = (bucket: Bucket) =>
  new EverwarmError('STORE_UNREACHABLE', {
    message: `There is no bucket ${bucket.options.bucket}.`,
    hint: 'Make it, or correct the place of the artifacts.',
  })
