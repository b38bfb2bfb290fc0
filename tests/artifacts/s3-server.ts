import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { S3Options } from '../../src/artifacts/s3-options.ts'
import { signatureFault } from './sigv4.ts'

interface S3rver {
  run(): Promise<{ port: number }>
  close(): Promise<void>
}

/**
 * s3rver keeps the objects; what it does not do is done before it: signatures of version 4 (s3rver 3.7 takes any), their
 * end, and, if asked for, checksums. Lists of more than a page it cannot give on a Node of today (`createCipher`).
 */
export async function s3Server(
  directory: string,
  { checksChecksums = false } = {},
): Promise<{ options: S3Options; close: () => Promise<void> }> {
  const S3 = createRequire(import.meta.url)('s3rver') as new (options: object) => S3rver
  const server = new S3({ address: '127.0.0.1', port: 0, directory, silent: true, configureBuckets: [{ name: 'tests' }] })
  const { port } = await server.run()
  const checksums = checksChecksums ? new Map<string, string>() : undefined
  const front = createServer((request, response) => {
    void guard(request, response, `http://127.0.0.1:${port}`, checksums).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const options: S3Options = {
    bucket: 'tests',
    prefix: 'everwarm/',
    endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    region: 'us-east-1',
    isPathStyle: true,
    accessKeyId: 'TESTS',
    secretAccessKey: 'a secret of tests',
  }
  const close = async () => {
    front.closeAllConnections()
    front.close()
    await server.close()
  }
  return { options, close }
}

async function guard(request: IncomingMessage, response: ServerResponse, behind: string, checksums?: Map<string, string>) {
  const { method = 'GET', url = '/' } = request
  const headers = request.headers as Record<string, string | undefined>
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  const refuse = (status: number, code: string) => response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`)
  const fault = signatureFault({ method, url, headers }, 'a secret of tests', Date.now())
  if (fault) return refuse(403, fault)
  const { pathname, searchParams } = new URL(url, behind)
  const checksum = headers['x-amz-checksum-sha256']
  if (checksums && checksum && method === 'PUT') {
    if (createHash('sha256').update(body).digest('base64') !== checksum) return refuse(400, 'XAmzContentChecksumMismatch')
    checksums.set(pathname, checksum)
  }
  const answer = await fetch(`${behind}${pathname}?${unsigned(searchParams)}`, {
    method,
    headers: headers.range ? { range: headers.range } : {},
    ...(method === 'PUT' ? { body } : {}),
  })
  const shown = Object.fromEntries(
    [...searchParams].filter(([name]) => name.startsWith('response-')).map(([name, value]) => [name.slice(9), value]),
  )
  const known = checksums?.get(pathname)
  const kept = ['content-length', 'content-range', 'last-modified', 'content-type'].flatMap((name) => {
    const value = answer.headers.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  response.writeHead(answer.status, {
    ...Object.fromEntries(kept),
    ...(known ? { 'x-amz-checksum-sha256': known } : {}),
    ...shown,
  })
  for await (const chunk of answer.body ?? []) response.write(chunk)
  return response.end()
}

/** Without what s3rver would refuse to those who do not sign in its way. */
function unsigned(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => !/^(x-amz-|response-)/i.test(name)))
}
