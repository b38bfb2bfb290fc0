import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openDiskStore } from '../../src/artifacts/disk.ts'
import { openArtifactStore } from '../../src/artifacts/open-store.ts'
import { inChunks, sha256 } from './bytes.ts'

const home = mkdtempSync(join(tmpdir(), 'everwarm-disk-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
let count = 0
const folder = () => join(home, String(++count))
const drafts = (path: string) => readdirSync(join(path, 'drafts'))

test('files and the secret are for their owner alone, and two that open a folder share its secret', async () => {
  const path = folder()
  const store = openDiskStore(path)
  await store.put(sha256('a'), 1, inChunks('a'))
  const hash = sha256('a')
  const mode = (...parts: string[]) => statSync(join(path, ...parts)).mode & 0o777
  expect([mode('secret'), mode('sha256', hash.slice(0, 2), hash.slice(2))]).toEqual([0o600, 0o600])
  expect([mode(), mode('sha256'), mode('sha256', hash.slice(0, 2))]).toEqual([0o700, 0o700, 0o700])
  expect(openDiskStore(path).secret).toEqual(store.secret)
  expect(readdirSync(path).sort()).toEqual(['drafts', 'secret', 'sha256'])
})

test('a writer that is killed in the middle leaves nothing that anybody sees, and the next sweep removes its draft', async () => {
  const path = folder()
  const store = openDiskStore(path)
  const hash = sha256(Buffer.alloc(1_000_000, 'x'))
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'clients/writer.ts'), path, hash], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(writer.stdout, 'data')
  await store.sweep()
  expect(drafts(path)).toHaveLength(1)
  writer.kill('SIGKILL')
  await once(writer, 'exit')
  expect(await store.head(hash)).toBeUndefined()
  await store.sweep()
  expect(drafts(path)).toEqual([])
  await store.put(hash, 1_000_000, inChunks(Buffer.alloc(1_000_000, 'x')))
  expect(await store.head(hash)).toMatchObject({ size: 1_000_000 })
})

test('a draft of another machine is swept when nobody has written to it for an hour', async () => {
  const path = folder()
  const store = openDiskStore(path)
  for (const name of ['there~1~new', 'there~1~old']) writeFileSync(join(path, 'drafts', name), 'x')
  const longAgo = Date.now() / 1_000 - 3_700
  utimesSync(join(path, 'drafts', 'there~1~old'), longAgo, longAgo)
  await store.sweep()
  expect(drafts(path)).toEqual(['there~1~new'])
})

test('no hash leads out of the folder', async () => {
  const store = openDiskStore(folder())
  for (const hash of ['../secret', '..', '/etc/passwd', `${'a'.repeat(63)}/`, 'A'.repeat(64), '\0']) {
    await expect(store.put(hash, 0, inChunks(''))).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(async () => store.get(hash)).rejects.toMatchObject({ code: 'BAD_INPUT' })
  }
})

test('what is no artifact stays where somebody has put it, and is not listed', async () => {
  const path = folder()
  const store = openDiskStore(path)
  mkdirSync(join(path, 'sha256', 'aa'))
  writeFileSync(join(path, 'sha256', 'aa', 'notes.txt'), 'x')
  for await (const file of store.list()) expect.unreachable(file.sha256)
})

test('a place that is no folder is said in words', async () => {
  const path = folder()
  writeFileSync(path, 'a file')
  expect(() => openDiskStore(path)).toThrow(expect.objectContaining({ code: 'STORE_UNREACHABLE' }))
  await expect(openArtifactStore('s3:/bucket', {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

/** A file system of one megabyte, where this user may make one. */
function smallDisk(): string | undefined {
  const path = folder()
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' })
    return path
  } catch (error) {
    console.warn('skipped: a small file system cannot be mounted here')
    return undefined
  }
}

test('a full disk is said, leaves no part of the file, and lets smaller ones in', async (context) => {
  const path = smallDisk()
  if (!path) return context.skip()
  try {
    const store = openDiskStore(path)
    const large = Buffer.alloc(2_000_000, 'y')
    await expect(store.put(sha256(large), large.length, inChunks(large))).rejects.toMatchObject({ code: 'STORE_FULL' })
    expect(drafts(path)).toEqual([])
    await store.put(sha256('small'), 5, inChunks('small'))
    expect(await store.head(sha256('small'))).toMatchObject({ size: 5 })
  } finally {
    execFileSync('umount', [path])
  }
})
