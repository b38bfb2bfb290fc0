import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ArtifactStore } from '../../src/artifacts/artifact-store.ts'
import { openDiskStore } from '../../src/artifacts/disk.ts'
import { openS3Store } from '../../src/artifacts/s3.ts'
import { broken, inChunks, sha256, textOf } from './bytes.ts'
import { s3Server } from './s3-server.ts'

const home = mkdtempSync(join(tmpdir(), 'everwarm-artifacts-'))
const stores: Partial<Record<'disk' | 's3', ArtifactStore>> = {}
let closeServer: () => Promise<void>

beforeAll(async () => {
  const { options, close } = await s3Server(join(home, 's3'))
  closeServer = close
  stores.s3 = await openS3Store(options)
  stores.disk = openDiskStore(join(home, 'disk'))
})

afterAll(async () => {
  await closeServer()
  rmSync(home, { recursive: true, force: true })
})

const mismatched = expect.objectContaining({ code: 'ARTIFACT_MISMATCH' })
async function all(store: ArtifactStore): Promise<string[]> {
  const found: string[] = []
  for await (const file of store.list()) found.push(file.sha256)
  return found
}

describe.each(['disk', 's3'] as const)('%s', (kind) => {
  const store = () => stores[kind]!

  test.each(['', 'a', 'x'.repeat(300_000)])('what was put is there, is listed and can be read (%#)', async (content) => {
    const hash = sha256(content)
    expect(await store().head(hash)).toBeUndefined()
    await store().put(hash, content.length, inChunks(content))
    expect(await store().head(hash)).toMatchObject({ sha256: hash, size: content.length })
    expect(await textOf(await store().get(hash))).toBe(content)
    expect(await all(store())).toContain(hash)
    await store().verify(hash, content.length)
  })

  test('a part of it can be read', async () => {
    const hash = sha256('0123456789')
    await store().put(hash, 10, inChunks('0123456789', 3))
    expect(await textOf(await store().get(hash, { start: 2, end: 5 }))).toBe('2345')
  })

  test('a file with other bytes, fewer or more is not stored', async () => {
    const hash = sha256('right')
    await expect(store().put(hash, 5, inChunks('wrong'))).rejects.toEqual(mismatched)
    await expect(store().put(hash, 5, inChunks('righ'))).rejects.toEqual(mismatched)
    await expect(store().put(hash, 5, inChunks('right and more', 2))).rejects.toEqual(mismatched)
    expect(await store().head(hash)).toBeUndefined()
    expect(await all(store())).not.toContain(hash)
  })

  test('an upload that breaks off leaves nothing, and can be made again', async () => {
    const hash = sha256('half and half')
    await expect(store().put(hash, 13, broken('half and '))).rejects.toThrow()
    expect(await store().head(hash)).toBeUndefined()
    await store().put(hash, 13, inChunks('half and half'))
    expect(await textOf(await store().get(hash))).toBe('half and half')
  })

  test('twenty writers of one file at once all succeed', async () => {
    const content = 'c'.repeat(100_000)
    const hash = sha256(content)
    await Promise.all(Array.from({ length: 20 }, (_, i) => store().put(hash, content.length, inChunks(content, 1_000 + i * 500))))
    expect(await textOf(await store().get(hash))).toBe(content)
    expect((await all(store())).filter((found) => found === hash)).toHaveLength(1)
  })

  test('who reads a file while it is deleted reads it to its end', async () => {
    const content = 'd'.repeat(2_000_000)
    const hash = sha256(content)
    await store().put(hash, content.length, inChunks(content))
    const stream = await store().get(hash)
    await store().delete(hash)
    expect((await textOf(stream)).length).toBe(content.length)
    await expect(store().get(hash)).rejects.toEqual(expect.objectContaining({ code: 'ARTIFACT_UNKNOWN' }))
    await store().delete(hash)
  })

  test('a wrong size of what is there is said, and does no harm to it', async () => {
    const hash = sha256('whole')
    await store().put(hash, 5, inChunks('whole'))
    await expect(store().verify(hash, 4)).rejects.toEqual(mismatched)
    expect(await store().head(hash)).toMatchObject({ size: 5 })
  })
})
