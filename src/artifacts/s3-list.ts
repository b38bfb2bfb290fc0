/** One answer to ListObjectsV2. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export interface S3Page {
  entries: { key: string; size: number; storedAtMs: number }[]
  /** Of the next page. */
  next: string | undefined
}

/** Enough of XML for this one answer: it has no attributes, comments or CDATA in what is read. */
export function readS3Page(xml: string): S3Page {
  const entries = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, content]) => ({
    key: element(content!, 'Key') ?? '',
    size: Number(element(content!, 'Size')),
    storedAtMs: Date.parse(element(content!, 'LastModified') ?? ''),
  }))
  const isMore = element(xml, 'IsTruncated') === 'true'
  return { entries, next: isMore ? element(xml, 'NextContinuationToken') : undefined }
}

/** `<Code>` and the like of an error's answer. */
export function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1]
  return text?.replace(/&(amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);/gi, (_, entity: string) => character(entity.toLowerCase()))
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function character(entity: string): string {
  if (NAMED[entity]) return NAMED[entity]
  return String.fromCodePoint(entity.startsWith('#x') ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1)))
}
