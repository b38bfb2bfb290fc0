import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArtifactStore } from '../../src/artifacts/artifact-store.ts'
import { openS3Store } from '../../src/artifacts/s3.ts'
import { readS3Options, s3Address } from '../../src/artifacts/s3-options.ts'
import type { S3Options } from '../../src/artifacts/s3-options.ts'
import { inChunks, sha256 } from './bytes.ts'
import { s3Server } from './s3-server.ts'
import { signatureFault } from './sigv4.ts'

const home = mkdtempSync(join(tmpdir(), 'everwarm-s3-'))
let options: S3Options
let close: () => Promise<void>
let store: ArtifactStore

beforeAll(async () => {
  ;({ options, close } = await s3Server(home))
  store = await openS3Store(options)
})

afterAll(async () => {
  await close()
  rmSync(home, { recursive: true, force: true })
})

const soon = () => Date.now() + 60_000
const HASH = sha256('by a worker')

test('whoever has a signed address uploads to S3 without credentials, and reads by another one', async () => {
  const { method, url, headers } = await store.uploadTo(HASH, 11, soon())
  expect((await fetch(url, { method, headers, body: 'by a worker' })).status).toBe(200)
  await store.verify(HASH, 11)
  const shown = { name: 'a "b".html', type: 'text/html' }
  const answer = await fetch(await store.downloadFrom({ sha256: HASH, size: 11 }, shown, soon()))
  expect(await answer.text()).toBe('by a worker')
  expect(answer.headers.get('content-type')).toContain('text/html')
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="a _b_.html"/)
})

test('the hash is part of the signature: with another one, or none, S3 refuses the upload', async () => {
  const { url, headers } = await store.uploadTo(HASH, 11, soon())
  const other = { ...headers, 'x-amz-checksum-sha256': Buffer.from(sha256('other bytes'), 'hex').toString('base64') }
  expect((await fetch(url, { method: 'PUT', headers: other, body: 'other bytes' })).status).toBe(403)
  expect((await fetch(url.replace(HASH.slice(2), 'e'.repeat(62)), { method: 'PUT', headers, body: 'by a worker' })).status).toBe(
    403,
  )
  expect((await fetch(url, { method: 'PUT', body: 'other bytes' })).status).not.toBe(200)
})

test('a store that does not check checksums is checked: wrong bytes are found and taken away', async () => {
  const hash = sha256('what was announced')
  const { url, headers } = await store.uploadTo(hash, 18, soon())
  expect((await fetch(url, { method: 'PUT', headers, body: 'what was not there' })).status).toBe(200)
  await expect(store.verify(hash, 18)).rejects.toMatchObject({ code: 'ARTIFACT_MISMATCH' })
  expect(await store.head(hash)).toBeUndefined()
})

test('an address ends, and its end cannot be moved', async () => {
  const { method, url, headers } = await store.uploadTo(HASH, 11, Date.now())
  expect(url).toContain('X-Amz-Expires=1&')
  const later = url.replace('X-Amz-Expires=1&', 'X-Amz-Expires=9000&')
  expect((await fetch(later, { method, headers, body: 'by a worker' })).status).toBe(403)
})

test('wrong credentials and a missing bucket are said in words', async () => {
  const stranger = await openS3Store({ ...options, secretAccessKey: 'wrong' })
  await expect(stranger.put(HASH, 11, inChunks('by a worker'))).rejects.toMatchObject({
    code: 'STORE_UNREACHABLE',
    message: expect.stringContaining('SignatureDoesNotMatch'),
  })
  const nowhere = await openS3Store({ ...options, bucket: 'nowhere' })
  await expect(nowhere.put(HASH, 11, inChunks('by a worker'))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
})

/** Answers as given, one after the other. */
async function answering(answers: [number, string][], work: (store: ArtifactStore, asked: () => number) => Promise<void>) {
  let asked = 0
  const server = createServer((request, response) => {
    const [status, text] = answers[Math.min(asked++, answers.length - 1)]!
    request.resume().on('end', () => response.writeHead(status).end(text))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await work(await openS3Store({ ...options, endpoint: `http://127.0.0.1:${port}` }), () => asked)
  } finally {
    server.close()
  }
}

test('a list of several pages is read to its end', async () => {
  const page = (hash: string, more: string) =>
    `<R><Contents><Key>everwarm/sha256/${hash.slice(0, 2)}/${hash.slice(2)}</Key><Size>1</Size></Contents><Contents><Key>everwarm/sha256/no</Key></Contents>${more}</R>`
  const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'
  const [first, second] = [sha256('1'), sha256('2')]
  await answering(
    [
      [200, page(first, more)],
      [200, page(second, '<IsTruncated>false</IsTruncated>')],
    ],
    async (paged, asked) => {
      const found: string[] = []
      for await (const file of paged.list()) found.push(file.sha256)
      expect(found).toEqual([first, second])
      expect(asked()).toBe(2)
    },
  )
})

test('where S3 checks checksums, other bytes are refused on their way in, and nothing is read again', async () => {
  const strict = await s3Server(join(home, 'strict'), { checksChecksums: true })
  const checking = await openS3Store(strict.options)
  const { method, url, headers } = await checking.uploadTo(HASH, 11, soon())
  expect((await fetch(url, { method, headers, body: 'other bytes' })).status).toBe(400)
  expect(await checking.head(HASH)).toBeUndefined()
  expect((await fetch(url, { method, headers, body: 'by a worker' })).status).toBe(200)
  await checking.verify(HASH, 11)
  await strict.close()
})

test('the check of signatures in these tests agrees with the example that Amazon gives', () => {
  const url =
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
  const request = { method: 'GET', url, headers: { host: 'examplebucket.s3.amazonaws.com' } }
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
  expect(signatureFault(request, secret, Date.UTC(2013, 4, 24, 1))).toBeUndefined()
  expect(signatureFault(request, secret, Date.UTC(2013, 4, 26))).toBe('AccessDenied')
  expect(signatureFault({ ...request, method: 'PUT' }, secret, 0)).toBe('SignatureDoesNotMatch')
})

test('an S3 that is busy is asked again', async () => {
  await answering(
    [
      [503, ''],
      [500, ''],
      [204, ''],
    ],
    async (busy, asked) => {
      await busy.delete(HASH)
      expect(asked()).toBe(3)
    },
  )
})

test.each([
  [400, 'BadDigest', 'ARTIFACT_MISMATCH'],
  [507, 'XMinioStorageFull', 'STORE_FULL'],
  [403, 'AccessDenied', 'STORE_UNREACHABLE'],
])('the answer %s %s is the error %s', async (status, said, code) => {
  await answering([[status, `<Error><Code>${said}</Code><Message>no &amp; no</Message></Error>`]], async (refusing) => {
    await expect(refusing.put(HASH, 11, inChunks('by a worker'))).rejects.toMatchObject({ code })
  })
})

test('a place in S3 is read from its address and the usual variables', () => {
  const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' }
  const amazon = readS3Options('s3://bucket/some/place', env)
  expect(s3Address(amazon, 'k').href).toBe('https://bucket.s3.eu-west-1.amazonaws.com/k')
  expect(amazon.prefix).toBe('some/place/')
  const other = readS3Options('s3://bucket', { ...env, AWS_ENDPOINT_URL: 'https://s3.example.com:9000' })
  expect(s3Address(other, 'k').href).toBe('https://s3.example.com:9000/bucket/k')
  expect(() => readS3Options('s3://bucket', {})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  expect(() => readS3Options('s3://b', env)).toThrow(expect.objectContaining({ hint: expect.stringContaining('3 to 63') }))
  expect(() => readS3Options('s3://UPPER', env)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})
