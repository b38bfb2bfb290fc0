import { setTimeout as wait } from 'node:timers/promises'
import { type Figure, megabytes, quantile } from './figure.ts'
import { type BenchHouse, databaseKinds, openHouse, TOKEN } from './house.ts'
import { cpuBelowMs, cpuMs, peakBytes, settledBytes } from './process-cost.ts'

const WORKERS = 1_000
const CROWDS = 4
const MEMORY_AT_MOST = 512 * 1_048_576

/** A thousand workers that are at once through with each of their tests: what the coordinator makes of it. */
export async function benchThroughput(results: number): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const kind of databaseKinds()) figures.push(...(await measured(kind, results)))
  return figures
}

async function measured(kind: BenchHouse['kind'], results: number): Promise<Figure[]> {
  const house = await openHouse(kind)
  try {
    const { pid } = house.coordinator
    await wait(1_000)
    const idleBytes = settledBytes(pid)
    const crowds = Array.from({ length: CROWDS }, (_, i) =>
      house.child('crowd-child.ts', {
        url: house.url.replace('http', 'ws'),
        token: TOKEN,
        first: (i * WORKERS) / CROWDS,
        count: WORKERS / CROWDS,
        testMs: 0,
      }),
    )
    await Promise.all(crowds.map((crowd) => crowd.until(/there/)))
    while ((await house.client.health()).idle < WORKERS) await wait(200)
    const cpuBefore = { coordinator: cpuMs(pid), server: serverMs(house) }
    const startedMs = performance.now()
    const tests = Array.from({ length: results }, (_, i) => `tests/folder-${i % 100}/file-${i}.test.ts`)
    const { id } = await house.client.start({ tests, run: { host: 'auto' } })
    console.log(`  ${kind}: ${WORKERS} workers are there, the session has begun`)
    const startMs = performance.now() - startedMs
    // A page of one result says how far it is, and costs less than the session with its thousands of shards.
    while ((await house.client.resultsPage(id, undefined, 1)).status !== 'completed') await wait(500)
    const session = await house.client.session(id)
    const tookMs = Date.parse(session.finishedAt!) - Date.parse(session.startedAt!)
    const cpu = { coordinator: cpuMs(pid) - cpuBefore.coordinator, server: serverMs(house) - cpuBefore.server }
    const bytes = peakBytes(pid)
    for (const crowd of crowds) crowd.end()
    const latencies = (await Promise.all(crowds.map((crowd) => crowd.until(/latencies .*\n/)))).flatMap(
      (line) => JSON.parse(line.slice('latencies '.length)) as number[],
    )
    const { completed, passed } = session.progress
    if (completed !== results || passed !== results) throw new Error(`${completed} results, ${passed} green, of ${results}.`)
    const of = `${kind}, ${WORKERS} workers, ${results} results`
    const ahead = bytes - idleBytes
    const perResult = (ms: number) => `${Math.round((ms * 1_000) / results)} µs`
    return [
      shown(`${of}: results a second`, results / (tookMs / 1_000), (value) => `${Math.round(value)}/s`),
      shown(`${of}: CPU of the coordinator a result`, cpu.coordinator, perResult),
      ...(kind === 'postgres' ? [shown(`${of}: CPU of the server a result`, cpu.server, perResult)] : []),
      shown(`${of}: the session is started in`, startMs, (ms) => `${Math.round(ms)} ms`),
      shown(
        `${of}: from a result's saying to its acknowledgement, p50`,
        quantile(latencies, 0.5),
        (ms) => `${Math.round(ms)} ms`,
      ),
      {
        title: `${of}: memory of the coordinator at its peak, beyond an idle one of ${megabytes(idleBytes)}`,
        shown: megabytes(ahead),
        value: ahead,
        target: { atMost: MEMORY_AT_MOST },
      },
    ]
  } finally {
    await house.close()
  }
}

const serverMs = ({ postgresPid }: BenchHouse) => (postgresPid === undefined ? 0 : cpuBelowMs(postgresPid))

const shown = (title: string, value: number, show: (value: number) => string): Figure => ({
  title,
  shown: show(value),
  value,
  target: null,
})
