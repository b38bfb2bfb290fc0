import { createHash, createHmac } from 'node:crypto'

/**
 * Checks the signature of a presigned request, written from Amazon's description and not from the signer under test.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * @returns the code of S3's refusal, or undefined if it is right
 */
export function signatureFault(
  request: { method: string; url: string; headers: Record<string, string | undefined> },
  secret: string,
  nowMs: number,
): 'AccessDenied' | 'SignatureDoesNotMatch' | undefined {
  const url = new URL(request.url, 'http://host')
  const query = url.searchParams
  const [, date, region, service, end] = (query.get('X-Amz-Credential') ?? '').split('/')
  const time = query.get('X-Amz-Date') ?? ''
  if (!date || !region || !service || !time) return 'AccessDenied'
  const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';')
  // Amazon takes no x-amz- header that is not signed.
  if (Object.keys(request.headers).some((name) => name.startsWith('x-amz-') && !signed.includes(name))) return 'AccessDenied'
  const canonical = [
    request.method,
    url.pathname
      .split('/')
      .map((part) => encode(decodeURIComponent(part)))
      .join('/'),
    [...query]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signed.map((name) => `${name}:${(request.headers[name] ?? '').trim()}`),
    '',
    signed.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const text = [
    'AWS4-HMAC-SHA256',
    time,
    [date, region, service, end].join('/'),
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n')
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${secret}`,
  )
  if (createHmac('sha256', key).update(text).digest('hex') !== query.get('X-Amz-Signature')) return 'SignatureDoesNotMatch'
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time)!.map(Number)
  const beganMs = Date.UTC(y!, mo! - 1, d, h, mi, s)
  return nowMs > beganMs + Number(query.get('X-Amz-Expires')) * 1_000 ? 'AccessDenied' : undefined
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
