import { expect, test } from 'vitest'
import { archiveName } from './compress.ts'
import { contentKind } from './content-type.ts'

test.each([
  ['report', 'report.tar.gz'],
  ['report.tar', 'report.tar.gz'],
  ['report.tgz', 'report.tgz'],
  ['report.tar.gz', 'report.tar.gz'],
  ['report.zip', 'report.zip.tar.gz'],
  ['Report.TGZ', 'Report.TGZ'],
])('the archive %s is called %s', (name, expected) => {
  expect(archiveName(name)).toBe(expected)
})

test.each([
  ['a/index.html', { type: 'text/html; charset=utf-8' }],
  ['a.PNG', { type: 'image/png' }],
  ['trace.zip', { type: 'application/zip' }],
  ['log.json.gz', { type: 'application/json', encoding: 'gzip' }],
  ['all.tar.gz', { type: 'application/gzip' }],
  ['data.gz', { type: 'application/gzip' }],
  ['core', { type: 'application/octet-stream' }],
  ['x.constructor', { type: 'application/octet-stream' }],
])('%s is shown as %o', (name, kind) => {
  expect(contentKind(name)).toEqual(kind)
})
