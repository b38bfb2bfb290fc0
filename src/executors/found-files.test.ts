import { expect, test } from 'vitest'
import { globRoots, packList, prunedNames } from './found-files.ts'

test('patterns are looked for in the deepest folders that hold all they may mean', () => {
  const roots = (...include: string[]) => globRoots({ include, exclude: [] })
  expect(roots('/data/repo/**/*.ts')).toEqual(['/data/repo'])
  expect(roots('/data/repo/src/a*.ts', '/data/repo/src/sub/x.ts')).toEqual(['/data/repo/src'])
  expect(roots('/data/repo/one.txt')).toEqual(['/data/repo/one.txt'])
  expect(roots('/data/reports/*', '/data/repo/*')).toEqual(['/data/reports', '/data/repo'])
  expect(roots('/*.txt', '/data/x')).toEqual(['/'])
})

test('files come in the order of a walk, and folders only where nothing is in them', () => {
  const tree = ['d.', 'd./a', 'f./a/x', 'f./a-b', 'd./empty', 'd./out', 'f./out/skipped.log', 'f./.hidden']
  const list = packList(Buffer.from(tree.map((line) => `${line}\0`).join('')), { include: ['**/*'], exclude: ['**/*.log'] })
  expect(list).toEqual(['./.hidden', './a/x', './a-b', './empty', './out'])
})

test('folders that are excluded wherever they are need not be looked into', () => {
  const exclude = ['/data/repo/**/node_modules/**', '/**/dist/**', '/data/repo/one/**', '/data/repo/**/*.log', '/**/a*/**']
  expect(prunedNames({ include: ['/data/repo/**/*.ts'], exclude })).toEqual(['node_modules', 'dist'])
  expect(prunedNames({ include: ['/data/repo/**/*.ts', '/data/x/*'], exclude })).toEqual(['dist'])
})
