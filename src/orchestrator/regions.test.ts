import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { splitPath } from './base-path.ts'
import { readRegions, regionNamed } from './regions.ts'

const cwd = mkdtempSync(join(tmpdir(), 'ew-regions-'))
afterEach(() => rmSync(join(cwd, 'everwarm.regions.json'), { force: true }))

const read = (PLAYWRIGHT_RUNNERS: string) => readRegions({ env: { PLAYWRIGHT_RUNNERS }, cwd })

test('PLAYWRIGHT_RUNNERS names regions; their jobs go to `execute` below', () => {
  const regions = read('{"us-east-1":"https://us.example.com/api/runner","eu":{"url":"http://eu:80/r/?a=1","token":"t"}}')
  expect(String(regionNamed(regions, 'us-east-1').execute)).toBe('https://us.example.com/api/runner/execute')
  expect(regionNamed(regions, 'eu')).toMatchObject({ token: 't', execute: new URL('http://eu/r/execute?a=1') })
})

test.for([
  ['{', /PLAYWRIGHT_RUNNERS is not JSON/],
  ['[]', /is no map from region to URL/],
  ['{"a":1}', /is no map from region to URL/],
  ['{"a":"ftp://x"}', /has no http\(s\) URL for "a", but "ftp:\/\/x"/],
  ['{"a":"nowhere"}', /has no http\(s\) URL for "a"/],
  ['{"a":"https://u:secret@x"}', /has a user or password in the URL of "a"; give a token instead\.$/],
] as const)('PLAYWRIGHT_RUNNERS=%s is said to be wrong', ([text, message]) => {
  expect(() => read(text)).toThrow(message)
  expect(() => read(text)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('us-east-1') }),
  )
})

test('without the variable a file is read; one that is named must be there', () => {
  expect(readRegions({ env: {}, cwd }).size).toBe(0)
  writeFileSync(join(cwd, 'everwarm.regions.json'), '{"a":"http://a"}')
  expect([...readRegions({ env: {}, cwd }).keys()]).toEqual(['a'])
  expect(() => readRegions({ env: {}, cwd, regionsFile: 'other.json' })).toThrow(/other\.json cannot be read \(ENOENT\)/)
})

test('a region that there is not is said with those that there are', () => {
  const regions = read('{"us-east-1":"http://a","eu-west-1":"http://b"}')
  expect(() => regionNamed(regions, 'us-east-2')).toThrow(
    expect.objectContaining({ code: 'REGION_UNKNOWN', hint: 'Did you mean "us-east-1"?' }),
  )
})

test.for([
  ['/api/orchestrator/run', undefined, { base: '/api/orchestrator', route: '/run' }],
  ['/api/orchestrator/run/7/status', undefined, { base: '/api/orchestrator', route: '/run/7/status' }],
  ['/api/orchestrator/run/docs', undefined, { base: '/api/orchestrator', route: '/run/docs' }],
  ['/spec.json', undefined, { base: '', route: '/spec.json' }],
  ['/run/run/7', '/run/', { base: '/run', route: '/run/7' }],
  ['/runs/7', '/run', null],
  ['/elsewhere', undefined, null],
] as const)('%s below %s', ([path, base, expected]) => {
  expect(splitPath(path, 'orchestrator', base)).toEqual(expected)
})
