import { chmodSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unpackInto } from '../../src/content/archive/unpack.ts'
import { collectArtifacts } from '../../src/content/artifacts/collect.ts'
import { compressArtifacts } from '../../src/content/artifacts/compress.ts'
import { matchFiles } from '../../src/content/glob.ts'
import { bytesOf, harvest, plant, testFolder } from './trees.ts'

const TREE = { 'repo/out/a.xml': 'a', 'repo/out/b.log': 'b', 'repo/.hidden': '', 'other/c.txt': 'c', 'internal/secret': 's' }

const glob = (patterns: Parameters<typeof matchFiles>[0]) => matchFiles(patterns, '/')

async function collected(
  data: string,
  patterns: string[],
  roots = [`${data}/repo/`, `${data}/other`],
  workingDir = `${data}/repo`,
) {
  const { root, files } = await collectArtifacts({ patterns, workingDir, roots, glob })
  return { root: root.replace(data, '/data'), names: files.map(({ name }) => name) }
}

test('files have the names that they have below the common root of the working directory and all of them', async () => {
  const data = plant(testFolder(), TREE)
  expect(await collected(data, ['out/**', '!**/*.log'])).toEqual({ root: '/data/repo', names: ['out/a.xml'] })
  expect(await collected(data, [`${data}/{repo/out,other}/*`])).toEqual({
    root: '/data',
    names: ['other/c.txt', 'repo/out/a.xml', 'repo/out/b.log'],
  })
  expect(await collected(data, ['../other/*'])).toEqual({ root: '/data', names: ['other/c.txt'] })
  expect(await collected(data, ['nothing/**'])).toEqual({ root: '/data/repo', names: [] })
})

test('a pattern outside of all volumes is an error that names them', async () => {
  const data = plant(testFolder(), TREE)
  for (const pattern of ['/etc/**', '../internal/*', '../../*', '{out,../internal}/*', '../repository/*'])
    await expect(collected(data, [pattern])).rejects.toMatchObject({
      code: 'ARTIFACTS_FAILED',
      message: expect.stringContaining(pattern),
      hint: expect.stringContaining(`${data}/other`),
    })
  await expect(collected(data, ['!a'])).rejects.toMatchObject({ code: 'BAD_INPUT' })
})

test('letters of a folder are no pattern', async () => {
  const data = plant(testFolder(), { 're[p]{o,x}?/a.txt': '', 'repo/a.txt': '' })
  expect(await collected(data, ['*.txt'], [data], `${data}/re[p]{o,x}?`)).toEqual({ root: '/data/re[p]{o,x}?', names: ['a.txt'] })
})

test('an archive of them holds what links lead to, and is the same for the same files', async () => {
  const data = plant(testFolder(), { 'repo/run*': 'x', 'far/away': 'there' })
  symlinkSync('../far/away', join(data, 'repo/link'))
  const { files } = await collectArtifacts({ patterns: ['**/*'], workingDir: `${data}/repo`, roots: [data], glob })
  const archive = await bytesOf(compressArtifacts(files))
  expect(await bytesOf(compressArtifacts(files))).toEqual(archive)
  const to = testFolder()
  await unpackInto(to, compressArtifacts(files))
  expect(harvest(to)).toEqual({ link: 'there', 'run*': 'x' })
  chmodSync(join(data, 'repo/run'), 0o755)
  unlinkSync(join(data, 'far/away'))
  await expect(bytesOf(compressArtifacts(files))).rejects.toMatchObject({
    code: 'FILE_NOT_READ',
    message: expect.stringContaining('link'),
  })
})
