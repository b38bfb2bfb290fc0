import type { PoolOptions, PoolWorker } from 'vitest/node'
import { expect, test } from 'vitest'
import { AheadPool } from './ahead.ts'

/** A pool whose workers write down what becomes of them; `fails` is the number of one that does not start. */
function recorded(fails = 0) {
  const log: string[] = []
  let serial = 0
  const createPoolWorker = (): PoolWorker => {
    const number = (serial += 1)
    return {
      name: 'recorded',
      on: () => {},
      off: () => {},
      send: () => log.push(`${number} used`),
      deserialize: (data) => data,
      async start() {
        log.push(`${number} starts`)
        if (number === fails) throw new Error('no')
      },
      async stop() {
        log.push(`${number} stops`)
      },
    }
  }
  return { log, pool: new AheadPool({ name: 'recorded', createPoolWorker }) }
}

const options = (change: Partial<PoolOptions> = {}) =>
  ({ method: 'run', environment: { name: 'node' }, env: {}, execArgv: [], ...change }) as PoolOptions

async function use(pool: AheadPool, given = options()): Promise<void> {
  const worker = pool.createPoolWorker(given)
  await worker.start()
  worker.send({} as never)
  await worker.stop()
}

test('the next worker starts while one is used, and none after the last', async () => {
  const { log, pool } = recorded()
  pool.left = 3
  for (let file = 0; file < 3; file++) await use(pool)
  await pool.drop()
  expect(log).toEqual(['1 starts', '2 starts', '1 used', '1 stops', '3 starts', '2 used', '2 stops', '3 used', '3 stops'])
})

test('a worker that nobody came for is stopped at the end of the run', async () => {
  const { log, pool } = recorded()
  pool.left = 2
  await use(pool)
  await pool.drop()
  expect(log).toEqual(['1 starts', '2 starts', '1 used', '1 stops', '2 stops'])
})

test('a worker of other options is not given in its place', async () => {
  const { log, pool } = recorded()
  pool.left = 2
  await use(pool)
  await use(pool, options({ env: { A: 'b' } }))
  await pool.drop()
  expect(log.filter((line) => line.endsWith('used'))).toEqual(['1 used', '3 used'])
  expect(log.filter((line) => line.endsWith('stops'))).toEqual(['1 stops', '3 stops', '2 stops'])
})

test('a start that failed ahead is heard by the one who asks for that worker', async () => {
  const { pool } = recorded(2)
  pool.left = 2
  await use(pool)
  await expect(pool.createPoolWorker(options()).start()).rejects.toThrow('no')
})
