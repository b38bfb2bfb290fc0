import { setTimeout as wait } from 'node:timers/promises'
import { type Figure, quantile } from './figure.ts'
import { type BenchHouse, databaseKinds, openHouse, TOKEN } from './house.ts'

const WORKERS = 20
const TEST_MS = 100
const RESULTS = 2_000
const WATCHERS = 50
const SLOW = 5
const AT_MOST_MS = 50

/** Results while many watch, some of whom hardly read, against results while nobody does. */
export async function benchWatchers(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const kind of databaseKinds()) {
    const house = await openHouse(kind)
    try {
      figures.push(...(await measured(house, Math.min(rounds, 5))))
    } finally {
      await house.close()
    }
  }
  return figures
}

async function measured(house: BenchHouse, rounds: number): Promise<Figure[]> {
  const [alone, watched, delays]: [number[], number[], number[]] = [[], [], []]
  // The first run is slower than all others, watched or not.
  await latenciesOf(house)
  for (let round = 0; round < rounds; round++) {
    alone.push(...(await latenciesOf(house)))
    const watchers = house.child('watchers-child.ts', { url: house.url, token: TOKEN, watchers: WATCHERS, slow: SLOW })
    await watchers.until(/there/)
    watched.push(...(await latenciesOf(house)))
    await wait(500)
    watchers.end()
    const told = JSON.parse((await watchers.until(/delays .*\n/)).slice('delays '.length)) as { delays: number[]; seen: number[] }
    if (told.seen.some((count) => count !== null && count !== RESULTS))
      throw new Error(`Watchers have seen ${told.seen.join(', ')} of ${RESULTS}.`)
    delays.push(...told.delays)
  }
  const of = `${house.kind}, ${WATCHERS} watchers, ${SLOW} of them slow`
  const [p50, p99] = [quantile(delays, 0.5), quantile(delays, 0.99)]
  const more = quantile(watched, 0.99) - quantile(alone, 0.99)
  const at = (values: number[]) => `${quantile(values, 0.5).toFixed(1)} / ${quantile(values, 0.99).toFixed(1)} ms`
  return [
    { title: `${of}: from the worker's saying to the watcher, p50 / p99`, shown: at(delays), value: p99 - p50, target: null },
    { title: `${of}: a result until it is durable, alone, p50 / p99`, shown: at(alone), value: 0, target: null },
    { title: `${of}: a result until it is durable, watched, p50 / p99`, shown: at(watched), value: 0, target: null },
    {
      title: `${of}: by how much results are later, p99`,
      shown: `${more.toFixed(1)} ms`,
      value: more,
      target: { atMost: AT_MOST_MS },
    },
  ]
}

/** Of one session: how long each result took until its worker could forget it. */
async function latenciesOf(house: BenchHouse): Promise<number[]> {
  const crowd = house.child('crowd-child.ts', {
    url: house.url.replace('http', 'ws'),
    token: TOKEN,
    first: 0,
    count: WORKERS,
    testMs: TEST_MS,
  })
  await crowd.until(/there/)
  while ((await house.client.health()).idle < WORKERS) await wait(50)
  const tests = Array.from({ length: RESULTS }, (_, i) => `file-${i}.test.ts`)
  const { id } = await house.client.start({ tests, run: { host: 'auto' } })
  while ((await house.client.session(id)).finishedAt === null) await wait(500)
  crowd.end()
  return JSON.parse((await crowd.until(/latencies .*\n/)).slice('latencies '.length)) as number[]
}
