import { existsSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { packFolder } from '../../src/content/archive/pack.ts'
import { repack } from '../../src/content/archive/repack.ts'
import { unpackInto } from '../../src/content/archive/unpack.ts'
import { verifyArchive } from '../../src/content/archive/verify.ts'
import { bytesOf, harvest, plant, streamOf, tarOf, testFolder, type Tree } from './trees.ts'

const ALL = { include: ['**/*'], exclude: [] }
const TREE: Tree = {
  'a-b/x': '1',
  'a.txt': 'A',
  'a/empty': null,
  'a/link': { link: '../a.txt' },
  'a/run*': '#!/bin/sh\n',
  'a/über/🙂.txt': 'ü',
  [`deep/${'long-name/'.repeat(30)}file`]: 'far down',
}

test('what is packed comes out as it was: files, modes, links, empty folders, long names', async () => {
  const to = join(testFolder(), 'new/folder')
  const unpacked = await unpackInto(to, await packFolder(plant(testFolder(), TREE), ALL))
  expect(harvest(to)).toEqual(TREE)
  expect(unpacked).toEqual({ entries: 7, bytes: 22 })
})

test('the same tree gives the same bytes, whenever and wherever it was made', async () => {
  const one = plant(testFolder(), TREE)
  const other = plant(testFolder(), Object.fromEntries(Object.entries(TREE).toReversed()))
  utimesSync(join(other, 'a.txt'), 1, 1)
  expect(await bytesOf(await packFolder(one, ALL))).toEqual(await bytesOf(await packFolder(other, ALL)))
})

test('only what matches is packed; a folder whose files are excluded is packed empty', async () => {
  const from = plant(testFolder(), { 'a/1.ts': '', 'a/1.log': '', 'logs/2.log': '', 'node_modules/p/3.ts': '', '.env': '' })
  const to = testFolder()
  await unpackInto(to, await packFolder(from, { include: ['**/*'], exclude: ['**/*.log', 'node_modules'] }))
  expect(harvest(to)).toEqual({ 'a/1.ts': '', logs: null })
  const hidden = testFolder()
  await unpackInto(hidden, await packFolder(from, { include: ['.env'], exclude: [] }))
  expect(harvest(hidden)).toEqual({ '.env': '' })
})

test('links that leave the folder are left out and told, if one listens', async () => {
  const from = plant(testFolder(), { 'a/f': 'x', 'a/in': { link: '../b' }, 'a/out': { link: '../../b' }, abs: { link: '/etc' } })
  const outside: string[] = []
  const archive = await packFolder(from, ALL, { onLinkOutside: (path, target) => outside.push(`${path} ${target}`) })
  const to = testFolder()
  await unpackInto(to, archive)
  expect(harvest(to)).toEqual({ 'a/f': 'x', 'a/in': { link: '../b' } })
  expect(outside).toEqual(['a/out ../../b', 'abs /etc'])
  await expect(unpackInto(to, await packFolder(from, ALL))).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
})

test('absolute links into the folder become relative, whatever the folder is called', async () => {
  const root = testFolder()
  const from = plant(root, { 'releases/1/app': 'x' })
  const alias = join(testFolder(), 'alias')
  symlinkSync(from, alias)
  symlinkSync(join(from, 'releases/1'), join(from, 'current'))
  symlinkSync(join(alias, 'releases/1/app'), join(from, 'releases/latest'))
  symlinkSync(from, join(from, 'releases/1/top'))
  const outside: string[] = []
  const to = testFolder()
  await unpackInto(to, await packFolder(alias, ALL, { onLinkOutside: (path) => outside.push(path) }))
  expect(harvest(to)).toEqual({
    current: { link: 'releases/1' },
    'releases/1/app': 'x',
    'releases/1/top': { link: '../..' },
    'releases/latest': { link: '1/app' },
  })
  expect(outside).toEqual([])
})

test('a folder that is not there cannot be packed', async () => {
  await expect(packFolder(join(testFolder(), 'no'), ALL)).rejects.toMatchObject({ code: 'FILE_NOT_READ' })
})

test('files that are there are replaced, folders stay, links are replaced and not followed', async () => {
  const outside = plant(testFolder(), { precious: 'mine' })
  const to = plant(testFolder(), { 'a/old': 'old', 'a/kept': 'kept', link: { link: join(outside, 'precious') } })
  const archive = await tarOf([
    { name: 'a/', type: 'directory' },
    { name: 'a/old', text: 'new' },
    { name: 'link', text: 'a file now' },
  ])
  await unpackInto(to, streamOf(archive))
  expect(harvest(to)).toEqual({ 'a/kept': 'kept', 'a/old': 'new', link: 'a file now' })
  expect(harvest(outside)).toEqual({ precious: 'mine' })
})

test('nothing is written through a link that lies in the target already', async () => {
  const outside = testFolder()
  const to = plant(testFolder(), { out: { link: outside } })
  for (const name of ['out/file', 'out/folder/file'])
    await expect(unpackInto(to, streamOf(await tarOf([{ name, text: 'x' }])))).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
  await expect(
    unpackInto(to, streamOf(await tarOf([{ name: 'y', type: 'symlink', linkname: 'out/passwd' }]))),
  ).resolves.toBeDefined()
  writeFileSync(join(outside, 'passwd'), '')
  await expect(
    unpackInto(to, streamOf(await tarOf([{ name: 'z', type: 'symlink', linkname: 'out/passwd' }]))),
  ).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED', message: expect.stringContaining('"z"') })
  expect(harvest(outside)).toEqual({ passwd: '' })
  expect(existsSync(join(to, 'z'))).toBe(false)
})

const link = (name: string, linkname: string) => ({ name, type: 'symlink' as const, linkname })
const hardLink = (name: string, linkname: string) => ({ name, type: 'link' as const, linkname })

const HOSTILE = {
  'an absolute name': [{ name: '/etc/passwd', text: 'x' }],
  'a name that goes up': [{ name: 'a/../../x', text: 'x' }],
  'a name that goes up and down again': [{ name: 'a/../x', text: 'x' }],
  'a device': [{ name: 'null', type: 'character-device' as const }],
  'a disk': [{ name: 'sda', type: 'block-device' as const }],
  'a pipe': [{ name: 'pipe', type: 'fifo' as const }],
  'a file behind a link': [link('l', '.'), { name: 'l/x', text: 'x' }],
  'a file behind a file': [
    { name: 'f', text: 'x' },
    { name: 'f/x', text: 'x' },
  ],
  'a folder behind a link': [link('l', 'a'), { name: 'l/b/', type: 'directory' as const }],
  'an absolute link': [link('l', '/etc')],
  'a link that goes up': [link('a/l', '../..')],
  'a link that goes down and up': [link('l', 'a/../..')],
  'a chain of links that goes up': [link('a/b/up', '..'), link('l', 'a/b/up/../..')],
  'a link to nothing': [link('l', '')],
  'a hard link to outside': [hardLink('h', '../x')],
  'a hard link to an absolute path': [hardLink('h', '/etc/passwd')],
  'a hard link to what is not in the archive': [hardLink('h', 'other')],
  'a hard link to a link': [link('l', 'f'), hardLink('h', 'l')],
  'a hard link behind a link': [{ name: 'd/f', text: 'mine' }, link('l', 'd'), hardLink('h', 'l/f')],
  'a link, then a file of its name': [link('l', 'f'), { name: 'l', text: 'x' }],
  'a file, then a link of its name': [{ name: 'l', text: 'x' }, link('l', 'f')],
  'a folder, then a link of its name': [{ name: 'd/', type: 'directory' as const }, link('d', 'f')],
  'a link, written another way': [link('l', 'f'), { name: './/l/./x', text: 'x' }],
  'a NUL in its name': [{ name: 'a', pax: { path: 'a\0b' }, text: 'x' }],
}

test.each(Object.entries(HOSTILE))('%s is refused, here and on its way to a container', async (_, entries) => {
  const parent = testFolder()
  const to = plant(parent, { 'to/d/f': 'mine' })
  const archive = await tarOf([{ name: 'harmless', text: '' }, ...entries])
  const refusal = { code: 'ARCHIVE_REFUSED', message: expect.stringContaining('"') }
  await expect(unpackInto(join(to, 'to'), streamOf(archive))).rejects.toMatchObject(refusal)
  await expect(bytesOf(verifyArchive(streamOf(gzipSync(archive))))).rejects.toMatchObject(refusal)
  expect(Object.keys(harvest(parent)).every((path) => path.startsWith('to/'))).toBe(true)
  expect(readFileSync(join(to, 'to/d/f'), 'utf8')).toBe('mine')
})

test('links inside are links, also through each other; hard links are one file', async () => {
  const to = testFolder()
  const archive = await tarOf([
    { name: './', type: 'directory' },
    { name: './d/f', text: 'x' },
    link('./d/up', '..'),
    link('./l', 'd/up/d/f'),
    hardLink('./h', './d/f'),
  ])
  await unpackInto(to, streamOf(archive))
  expect(readFileSync(join(to, 'l'), 'utf8')).toBe('x')
  expect(harvest(to)).toEqual({ 'd/f': 'x', 'd/up': { link: '..' }, h: 'x', l: { link: 'd/up/d/f' } })
})

test('a bomb stops at the limit, not at its end', async () => {
  let members = 0
  const zeros = gzipSync(Buffer.alloc(1_000_000))
  const archive = gzipSync(await tarOf([{ name: 'f', text: 'x' }]))
  const endless = Readable.from(
    (function* () {
      yield archive
      for (; members < 10_000; members++) yield zeros
    })(),
  )
  await expect(unpackInto(testFolder(), endless, { entries: 10, bytes: 5_000_000 })).rejects.toMatchObject({
    code: 'ARCHIVE_REFUSED',
    message: 'The archive holds more than 5000000 bytes.',
  })
  expect(members).toBeLessThan(100)
})

test('too many entries and too many bytes are refused', async () => {
  const many = await tarOf(Array.from({ length: 11 }, (_, i) => ({ name: `f${i}` })))
  const large = await tarOf(Array.from({ length: 10 }, (_, i) => ({ name: `f${i}`, text: 'x'.repeat(10_000) })))
  for (const archive of [many, large])
    await expect(unpackInto(testFolder(), streamOf(archive), { entries: 10, bytes: 50_000 })).rejects.toMatchObject({
      code: 'ARCHIVE_REFUSED',
      message: expect.stringContaining('more than'),
    })
})

test.each([
  ['cut off', async () => (await tarOf([{ name: 'f', text: 'x'.repeat(5_000) }])).subarray(0, 3_000)],
  ['cut off, gzipped', async () => gzipSync(await tarOf([{ name: 'f', text: 'x'.repeat(5_000) }])).subarray(0, 30)],
  ['no archive', async () => Buffer.from('hello '.repeat(1_000))],
  ['empty', async () => Buffer.alloc(0)],
  ['gzip of no archive', async () => gzipSync('hello '.repeat(1_000))],
])('%s: that is refused', async (_, make) => {
  const bytes = await make()
  await expect(unpackInto(testFolder(), streamOf(bytes, 7))).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
  await expect(bytesOf(verifyArchive(streamOf(bytes, 7)))).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
})

test('what breaks the connection is told, not called a bad archive', async () => {
  const bytes = gzipSync(await tarOf([{ name: 'f', text: 'x'.repeat(5_000) }]))
  const broken = () =>
    Readable.from(
      (function* () {
        yield bytes.subarray(0, 20)
        throw new Error('cut')
      })(),
    )
  await expect(unpackInto(testFolder(), broken())).rejects.toThrow('cut')
  await expect(bytesOf(verifyArchive(broken()))).rejects.toThrow('cut')
})

test('what is checked goes on as the same entries, gzipped if it came so', async () => {
  const from = plant(testFolder(), TREE)
  const archive = await bytesOf(await packFolder(from, ALL))
  expect(await bytesOf(verifyArchive(streamOf(archive)))).toEqual(archive)
  const plain = gunzipSync(archive)
  expect(await bytesOf(verifyArchive(streamOf(plain)))).toEqual(plain)
})

test('what nobody reads on ends at its source', async () => {
  const source = streamOf(await tarOf([{ name: 'f', text: 'x'.repeat(5_000_000) }]))
  const verified = verifyArchive(source)
  verified.once('data', () => verified.destroy())
  await new Promise((resolve) => source.once('close', resolve))
  expect(source.destroyed).toBe(true)
})

test('an archive of a container engine becomes ours: stripped, filtered, the same as if it had been packed here', async () => {
  const from = plant(testFolder(), TREE)
  const engine = await tarOf([
    { name: 'repo/', type: 'directory' },
    { name: 'repo/a/', type: 'directory' },
    { name: 'repo/a/empty/', type: 'directory', uid: 5 },
    link('repo/a/link', '../a.txt'),
    { name: 'repo/a/run', text: '#!/bin/sh\n', mode: 0o775 },
    { name: 'repo/a/über/', type: 'directory' },
    { name: 'repo/a/über/🙂.txt', text: 'ü' },
    { name: 'repo/a-b/', type: 'directory' },
    { name: 'repo/a-b/x', text: '1' },
    { name: 'repo/a.txt', text: 'A', uname: 'root', mtime: new Date() },
    { name: 'repo/deep/no', text: 'excluded' },
    { name: 'reposit/x', text: 'beside' },
  ])
  const patterns = { include: ['**/*'], exclude: ['deep'] }
  const repacked = await bytesOf(repack(streamOf(engine), { strip: '/repo', patterns }))
  expect(repacked).toEqual(await bytesOf(await packFolder(from, patterns)))
})

test('links of a container lead into its folder by its name there; one that leaves it is refused, or left out and told', async () => {
  const engine = await tarOf([link('repo/a/in', '/data/repo/b'), link('repo/l', '../other')])
  const outside: string[] = []
  const onLinkOutside = (path: string, target: string) => outside.push(`${path} ${target}`)
  const to = testFolder()
  await unpackInto(to, repack(streamOf(engine), { strip: 'repo', root: '/data/repo', onLinkOutside }))
  expect(harvest(to)).toEqual({ 'a/in': { link: '../b' } })
  expect(outside).toEqual(['l ../other'])
  await expect(bytesOf(repack(streamOf(engine), { strip: 'repo' }))).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
})

test('a target that is itself a link to a folder is used', async () => {
  const real = testFolder()
  const to = join(testFolder(), 'l')
  symlinkSync(real, to)
  await unpackInto(to, streamOf(await tarOf([{ name: 'f', text: 'x' }])))
  expect(harvest(real)).toEqual({ f: 'x' })
})

test('a folder where a file should be is an error that names it', async () => {
  const to = plant(testFolder(), { f: null })
  await expect(unpackInto(to, streamOf(await tarOf([{ name: 'f', text: 'x' }])))).rejects.toMatchObject({
    code: 'ARCHIVE_REFUSED',
    message: expect.stringContaining('"f"'),
  })
  expect(harvest(to)).toEqual({ f: null })
})

test('a stream that fails before it is read is told when it is, and ends no process', async () => {
  const broken = new Readable({ read() {} })
  broken.destroy(new Error('cut'))
  await expect(unpackInto(testFolder(), broken)).rejects.toThrow('cut')
  const verified = verifyArchive(Readable.from([Buffer.from('no tar')]))
  await new Promise((resolve) => verified.once('close', resolve))
  await expect(bytesOf(verified)).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
})
