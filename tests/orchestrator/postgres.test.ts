import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { RunRequest } from '../../src/contracts/runs.ts'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open.ts'
import { MIGRATIONS } from '../../src/orchestrator/migrations.ts'
import { openOrchestrator, type Orchestrator } from '../../src/orchestrator/orchestrator.ts'
import { readRegions } from '../../src/orchestrator/regions.ts'
import { eventually } from '../daemon/harness.ts'
import { postgresFolder, startPostgres, type TestPostgres } from '../support/postgres.ts'
import { regionsHouse, type RegionsHouse } from './house.ts'

const LEASE_MS = 900

let postgres: TestPostgres | undefined
beforeAll(async () => {
  if (postgresFolder() !== undefined) postgres = await startPostgres()
}, 60_000)
afterAll(() => postgres?.remove())

let at: RegionsHouse
let regions: Record<string, string>
let url: string
/** Jobs that a region has, by key; each is answered when the test says so. */
const held: { key: string; answer(): void; isOpen(): boolean }[] = []

beforeEach(async () => {
  at = regionsHouse()
  held.length = 0
  const region = await at.server((request, answer) => {
    let text = ''
    request.on('data', (chunk) => (text += chunk))
    request.on('end', () => {
      let isOpen = true
      answer.once('close', () => (isOpen = false))
      const { idempotencyKey: key } = JSON.parse(text) as { idempotencyKey: string }
      held.push({ key, isOpen: () => isOpen, answer: () => void answer.end('{"status":"passed","duration":1}') })
    })
  })
  regions = { r: region }
  if (postgres) url = await postgres.freshUrl()
})
afterEach(() => at.close())

async function open(): Promise<{ one: Orchestrator; database: Database }> {
  const database = await openDatabase({ url, folder: at.folder, migrations: MIGRATIONS })
  const one = await openOrchestrator({ database, regions: readRegions({ regions, env: {}, cwd: '/' }), leaseMs: LEASE_MS })
  at.onClose(() => one.close().catch(() => {}))
  return { one, database }
}

const REQUEST: RunRequest = {
  runners: [
    { name: 'x', region: 'r' },
    { name: 'x', region: 'r' },
  ],
  mode: 'remote',
  concurrency: 2,
  timeout: 60_000,
  runnerTimeout: 60_000,
  tags: [],
}

test('of several orchestrators on one Postgres one drives a run: its jobs are sent once, and any of them knows of it', async ({
  skip,
}) => {
  if (!postgres) skip('there is no Postgres here')
  const [a, b] = await Promise.all([open(), open()])
  const { runId } = await a.one.submit(REQUEST)
  await eventually('both jobs are sent', () => held.length === 2)
  // Three leases: longer than anybody would wait who thought that its owner was dead.
  const startedMs = performance.now()
  await eventually('leases were renewed', () => performance.now() - startedMs > 3 * LEASE_MS)
  expect(held).toHaveLength(2)
  expect(await b.one.status(runId)).toMatchObject({ state: 'running', summary: { running: 2 } })
  for (const { answer } of held) answer()
  await eventually('it is over', async () => (await b.one.status(runId)).state === 'completed')
  expect(held).toHaveLength(2)
}, 30_000)

test('a run can be cancelled at another orchestrator than its own', async ({ skip }) => {
  if (!postgres) skip('there is no Postgres here')
  const [a, b] = await Promise.all([open(), open()])
  const { runId } = await a.one.submit(REQUEST)
  await eventually('both jobs are sent', () => held.length === 2)
  expect(await b.one.cancel(runId)).toMatchObject({ state: 'cancelled', summary: { cancelled: 2 } })
  await eventually('its calls are hung up', () => held.every(({ isOpen }) => !isOpen()), 2_000)
}, 30_000)

test('when one has lost its database, another goes on with its runs, and it stops itself', async ({ skip }) => {
  if (!postgres) skip('there is no Postgres here')
  const [a, b] = await Promise.all([open(), open()])
  const { runId } = await a.one.submit(REQUEST)
  await eventually('both jobs are sent', () => held.length === 2)
  await a.database.close()
  await eventually('both are sent again', () => held.length === 4, 10_000)
  await eventually('the first calls are hung up', () => held.slice(0, 2).every(({ isOpen }) => !isOpen()), 2_000)
  expect(new Set(held.map(({ key }) => key))).toEqual(new Set([`${runId}:0`, `${runId}:1`]))
  for (const { answer } of held.slice(2)) answer()
  await eventually('it is over', async () => (await b.one.status(runId)).state === 'completed')
  expect((await b.one.status(runId)).jobs.map(({ attempts }) => attempts)).toEqual([2, 2])
}, 30_000)
