import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { hostScope } from './functions/library.ts'
import { localHost } from './local-host.ts'
import { resolve } from './resolve.ts'

const folder = mkdtempSync(join(tmpdir(), 'everwarm-host-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
mkdirSync(join(folder, 'a', 'deep'), { recursive: true })
mkdirSync(join(folder, 'node_modules', 'x'), { recursive: true })
for (const name of ['b.spec.ts', 'a/deep/c.spec.ts', 'a/a.spec.ts', 'a/a.ts', 'node_modules/x/x.spec.ts'])
  writeFileSync(join(folder, name), name)
symlinkSync(join(folder, 'b.spec.ts'), join(folder, 'a', 'link.spec.ts'))

const valueOf = (text: string) => resolve(text, [hostScope(localHost(folder))])

test('glob() gives absolute paths of files, sorted, without what is excluded', () => {
  expect(valueOf('map(glob("**/*.spec.ts", "!node_modules/**"), "relpath(_.value)")')).toEqual([
    'a/a.spec.ts',
    'a/deep/c.spec.ts',
    'a/link.spec.ts',
    'b.spec.ts',
  ])
  expect(valueOf('glob("a")')).toEqual([])
  expect(valueOf(`glob("${folder}/*.ts")`)).toEqual([join(folder, 'b.spec.ts')])
})

test('file() gives the text of a file under the working directory', () => {
  expect(valueOf('file("a/a.ts")')).toBe('a/a.ts')
  expect(valueOf('workingDir')).toBe(folder)
})

test.each(['missing', 'a', '/dev/zero'])('file() of %s is an error', (path) => {
  expect(() => valueOf(`file("${path}")`)).toThrow(expect.objectContaining({ code: 'EXPRESSION_FAILED' }))
})
