import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Houses, openHouses } from './houses.ts'
import { type FixtureRun, runFixture } from './run-fixture.ts'
import { type ServedContent, serveContent } from './served-content.ts'
import { putSecretObjects, SECRETS, secretStore } from './secrets.ts'
import { transcript } from './transcript.ts'

let houses: Houses
let content: ServedContent
beforeAll(async () => {
  ;[houses, content] = await Promise.all([openHouses(), serveContent()])
  for (const { objects } of houses.all) if (objects) putSecretObjects(objects)
}, 120_000)
afterAll(async () => {
  content?.close()
  await houses?.close()
}, 60_000)

const estimateMs = (item: unknown) => 100 * String(item).length ** 2

/** `WRITE_TRANSCRIPTS=1` writes them anew, by what processes of this machine do. */
const isWriting = process.env['WRITE_TRANSCRIPTS'] !== undefined

async function doTheSame(name: string, config: Record<string, unknown> = {}, more: Partial<FixtureRun> = {}) {
  const run: FixtureRun = { file: `${name}.yaml`, config: { image: houses.image, ...config }, estimateMs, ...more }
  const path = new URL(`transcripts/${name}.txt`, import.meta.url)
  const ends = await Promise.all(
    houses.all.map(async (house) => {
      const end = await runFixture(house, run)
      return { name: house.name, end, text: transcript(end) }
    }),
  )
  if (isWriting) writeFileSync(path, ends[0]!.text)
  const expected = readFileSync(path, 'utf8')
  for (const { name: house, text } of ends) expect(text, `on ${house}`).toBe(expected)
  return ends
}

const TIMEOUT = { timeout: 60_000 }

test('steps: order, conditions, variables, attempts, times and outputs', TIMEOUT, async () => {
  await doTheSame('steps')
})

test('content: repositories, files, archives, folders and volumes', TIMEOUT, async () => {
  await doTheSame('content', { repository: content.repository, archive: content.archive })
})

test('workers: matrix, shards, queues, barriers, files to and fro, workers of workers', TIMEOUT, async () => {
  await doTheSame('workers')
})

test('services: instances, probes, addresses, health, new starts', TIMEOUT, async () => {
  await doTheSame('services-of-steps')
})

test('workflows execute others', TIMEOUT, async () => {
  await doTheSame('executes')
})

test('secrets: every value gets there, and nobody sees it', TIMEOUT, async () => {
  const ends = await doTheSame('secrets', {}, { secrets: secretStore() })
  for (const { end } of ends) {
    const all = JSON.stringify([end.events, [...end.logs]])
    for (const value of SECRETS) {
      expect(all).not.toContain(value)
      expect(all).not.toContain(Buffer.from(value).toString('base64'))
    }
  }
})

test('artifacts: one by one, as archives, of workers, with reports', TIMEOUT, async () => {
  await doTheSame('artifacts')
})
