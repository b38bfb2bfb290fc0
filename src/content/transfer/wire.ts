import { createHash, timingSafeEqual } from 'node:crypto'

/** Of an upload: SHA-256 of its body in lower-case hex; its length is in `content-length`. */
export const SHA256_HEADER = 'x-content-sha256'
export const ARCHIVE_TYPE = 'application/tar+gzip'

export const bearer = (token: string) => `Bearer ${token}`

/** In a time that does not tell where they differ, or how long they are. */
export function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

export type TransferRoute = { kind: 'download'; id: string } | { kind: 'upload'; id: string; uploader: string }

/** Undefined: there is nothing at this address. */
export function routeOf(method: string | undefined, path: string | undefined): TransferRoute | undefined {
  const download = /^\/download\/([0-9a-f]{64})\.tar\.gz$/.exec(path ?? '')
  if (download && method === 'GET') return { kind: 'download', id: download[1]! }
  const upload = /^\/upload\/([0-9a-f]{32})\/([A-Za-z0-9._-]{1,128})$/.exec(path ?? '')
  return upload && method === 'POST' ? { kind: 'upload', id: upload[1]!, uploader: upload[2]! } : undefined
}
