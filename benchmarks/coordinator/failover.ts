import { setTimeout as wait } from 'node:timers/promises'
import { coordinatorClient } from '../../src/coordinator/http/client.ts'
import { chance } from '../../tests/coordinator/chaos/chance.ts'
import { openFleet } from '../../tests/coordinator/chaos/fleet.ts'
import { witness } from '../../tests/coordinator/chaos/witness.ts'
import { type Figure, quantile } from './figure.ts'
import { CACHE } from './house.ts'

const AT_MOST_MS = 2_000
const WORKERS = 3

/** kill -9 of a worker that runs a test: how long until another one has begun it anew. */
export async function benchFailover(rounds: number): Promise<Figure[]> {
  const fleet = await openFleet({ coordinators: 1, workers: WORKERS, cache: CACHE, uniform: chance(1) })
  const client = coordinatorClient({ url: fleet.url, token: fleet.token })
  const seen = witness(client)
  const tookMs: number[] = []
  const begun = async (sessionId: string, testId: string, but?: string) => {
    for (;;) {
      const event = seen
        .of(sessionId)
        .find(({ type, data }) => type === 'test:started' && data['testId'] === testId && data['workerId'] !== but)
      if (event) return String(event.data['workerId'])
      await wait(2)
    }
  }
  try {
    for (let round = 0; round < rounds; round++) {
      const testId = `long-${round}~600000`
      const { id } = await client.start({ tests: [testId], run: { host: 'auto' } })
      const holder = await begun(id, testId)
      const name = (await client.workers()).find((worker) => worker.id === holder)!.name
      const killedMs = performance.now()
      const back = fleet.killWorker(Number(name.slice(1)))
      await begun(id, testId, holder)
      tookMs.push(performance.now() - killedMs)
      await client.cancel(id)
      await back
    }
  } finally {
    await seen.close()
    await fleet.close()
  }
  const figure = (what: string, value: number, atMost: number | null): Figure => ({
    title: `a worker is killed: its test begins on another one, ${what} of ${rounds}`,
    shown: `${Math.round(value)} ms`,
    value,
    target: atMost === null ? null : { atMost },
  })
  return [figure('p50', quantile(tookMs, 0.5), null), figure('the slowest', Math.max(...tookMs), AT_MOST_MS)]
}
