import * as zlib from 'node:zlib'

/** What is sent; one of these. */
export interface BodyOptions {
  json?: unknown
  text?: string
  form?: Readonly<Record<string, string | number | boolean>>
  body?: Uint8Array
}

/** Bytes with their media type; null: none. */
export function bodyOf({ json, text, form, body }: BodyOptions): { bytes: Buffer; type: string } | null {
  if (json !== undefined) return { bytes: Buffer.from(JSON.stringify(json)), type: 'application/json' }
  if (form !== undefined) {
    const fields = Object.entries(form).map(([name, value]): [string, string] => [name, String(value)])
    return { bytes: Buffer.from(new URLSearchParams(fields).toString()), type: 'application/x-www-form-urlencoded' }
  }
  if (text !== undefined) return { bytes: Buffer.from(text), type: 'text/plain;charset=utf-8' }
  return body === undefined ? null : { bytes: Buffer.from(body), type: 'application/octet-stream' }
}

const DECODERS: Readonly<Record<string, ((bytes: Buffer) => Buffer) | undefined>> = {
  gzip: zlib.gunzipSync,
  'x-gzip': zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  // Node 22.15
  ...(typeof zlib.zstdDecompressSync === 'function' ? { zstd: zlib.zstdDecompressSync } : {}),
}

export const ACCEPTED_ENCODINGS = Object.keys(DECODERS)
  .filter((name) => !name.startsWith('x-'))
  .join(', ')

/** @param encoding as in `Content-Encoding`; one that is unknown leaves the bytes as they are */
export function decoded(bytes: Buffer, encoding: string): Buffer {
  if (bytes.length === 0) return bytes
  return encoding
    .split(',')
    .reverse()
    .reduce((left, name) => DECODERS[name.trim().toLowerCase()]?.(left) ?? left, bytes)
}
