import { existsSync, lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { join, sep } from 'node:path'
import { array, assert, asyncProperty, constantFrom, integer, oneof, record, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { unpackInto } from '../../src/content/archive/unpack.ts'
import { verifyArchive } from '../../src/content/archive/verify.ts'
import { bytesOf, type Entry, harvest, plant, streamOf, tarOf, testFolder } from './trees.ts'

const part = constantFrom('a', 'b', 'c', '..', '.', '', 'old')
const name = array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const entry = oneof(
  record({ name, type: constantFrom('file' as const), text: constantFrom('', 'new') }),
  record({ name, type: constantFrom('directory' as const) }),
  record({ name, type: constantFrom('symlink' as const, 'link' as const), linkname: name }),
)

/** Every link below a folder that leads out of it. */
function leaving(root: string, folder = root): string[] {
  return readdirSync(folder).flatMap((each) => {
    const path = join(folder, each)
    const found = lstatSync(path)
    if (found.isDirectory()) return leaving(root, path)
    const real = found.isSymbolicLink() && existsSync(path) ? realpathSync(path) : root
    return real === root || real.startsWith(root + sep) ? [] : [path]
  })
}

/** Unpacks beside something precious; refused or not, that must be as it was. */
async function unpackBeside(archive: Buffer, parent: string): Promise<void> {
  const home = realpathSync(mkdtempSync(join(parent, 'x')))
  plant(home, { precious: 'mine', 'to/old/file': 'old', 'to/old/up': { link: '../..' } })
  const to = join(home, 'to')
  await unpackInto(to, streamOf(archive), { entries: 1_000, bytes: 1_000_000 }).catch((error: { code: string }) =>
    expect(['ARCHIVE_REFUSED', 'FILE_NOT_WRITTEN']).toContain(error.code),
  )
  const { precious, ...rest } = harvest(home)
  expect(precious).toBe('mine')
  expect(Object.keys(rest).filter((path) => !path.startsWith('to/'))).toEqual([])
  expect(leaving(to).filter((path) => !path.endsWith('old/up'))).toEqual([])
  expect(Object.keys(rest).filter((path) => path.includes('.everwarm-'))).toEqual([])
  rmSync(home, { recursive: true })
}

test('no order of odd entries writes or leads outside, or leaves a draft', async () => {
  const parent = testFolder()
  const entries = array(entry, { minLength: 1, maxLength: 6 })
  await assert(
    asyncProperty(entries, async (list) => unpackBeside(await tarOf(list as Entry[]), parent)),
    { numRuns: 400 },
  )
})

test('a damaged archive is refused or harmless, and never endless', async () => {
  const parent = testFolder()
  const sound = await tarOf([
    { name: 'a/', type: 'directory' },
    { name: 'a/file', text: 'x'.repeat(700) },
    { name: 'a/link', type: 'symlink', linkname: 'file' },
    { name: `${'long/'.repeat(60)}name`, text: 'y' },
  ])
  const damage = array(tuple(integer({ min: 0, max: sound.length - 1 }), integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 6,
  })
  await assert(
    asyncProperty(damage, integer({ min: 0, max: sound.length }), async (changes, length) => {
      const bytes = Buffer.from(sound)
      for (const [at, byte] of changes) bytes[at] = byte
      const cut = bytes.subarray(0, length % 3 === 0 ? length : bytes.length)
      await unpackBeside(cut, parent)
      await bytesOf(verifyArchive(streamOf(cut, 600))).catch((error: { code: string }) =>
        expect(error.code).toBe('ARCHIVE_REFUSED'),
      )
    }),
    { numRuns: 300 },
  )
})
