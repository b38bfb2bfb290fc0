export interface ContentKind {
  type: string
  /** The content is gzipped, and `type` is what comes out of it. */
  encoding?: 'gzip'
}

const BYTES = 'application/octet-stream'

/** What tests leave behind; all else is bytes. A table of our own, since nobody shows more kinds than these. */
const TYPES: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  bmp: 'image/bmp',
  css: 'text/css; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  gif: 'image/gif',
  gz: 'application/gzip',
  htm: 'text/html; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/vnd.microsoft.icon',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  log: 'text/plain; charset=utf-8',
  map: 'application/json',
  md: 'text/markdown; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  mp4: 'video/mp4',
  ndjson: 'application/x-ndjson',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tgz: 'application/gzip',
  ttf: 'font/ttf',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
  wav: 'audio/wav',
  webm: 'video/webm',
  webp: 'image/webp',
  woff: 'font/woff',
  woff2: 'font/woff2',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  zip: 'application/zip',
}

/** By the end of its name. An archive stays one; any other `.gz` is what it was before. */
export function contentKind(name: string): ContentKind {
  const plain = name.toLowerCase()
  if (!plain.endsWith('.gz') || plain.endsWith('.tar.gz')) return { type: typeOf(plain) }
  const inner = typeOf(plain.slice(0, -3))
  return inner === BYTES ? { type: TYPES['gz']! } : { type: inner, encoding: 'gzip' }
}

function typeOf(name: string): string {
  const end = /\.([a-z0-9]+)$/.exec(name)?.[1]
  return end !== undefined && Object.hasOwn(TYPES, end) ? TYPES[end]! : BYTES
}
