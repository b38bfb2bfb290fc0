import { expect, test } from 'vitest'
import { readS3Page } from './s3-list.ts'

test('a page of a bucket says its keys and how to go on', () => {
  const xml = `<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>p/a</Key><LastModified>2026-01-02T00:00:00.000Z</LastModified><Size>7</Size></Contents>
<Contents><Key>p/b&amp;c</Key><LastModified>2026-01-03T00:00:00.000Z</LastModified><Size>0</Size></Contents><NextContinuationToken>1&#43;/&quot;x</NextContinuationToken></ListBucketResult>`
  expect(readS3Page(xml)).toEqual({
    entries: [
      { key: 'p/a', size: 7, storedAtMs: Date.UTC(2026, 0, 2) },
      { key: 'p/b&c', size: 0, storedAtMs: Date.UTC(2026, 0, 3) },
    ],
    next: '1+/"x',
  })
  expect(readS3Page('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>')).toEqual({
    entries: [],
    next: undefined,
  })
})
