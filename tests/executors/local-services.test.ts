import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Probe } from '../../src/contracts/workflow/service.ts'
import type { ExecutionRoom, Executor, Site } from '../../src/executors/executor.ts'
import { createLocalExecutor } from '../../src/executors/local/local-executor.ts'
import { tryProbe } from '../../src/executors/local/probe.ts'
import { type FakeClock, fakeClock } from '../../src/system/fake-clock.ts'
import { eventually, newId, openSite, startService } from './contract-house.ts'
import { newRoot } from './local-house.ts'

const { root, remove } = newRoot()

describe('local services', () => {
  let clock: FakeClock
  let executor: Executor
  let room: ExecutionRoom
  let site: Site
  beforeAll(async () => {
    clock = fakeClock()
    executor = createLocalExecutor({ root, clock })
    room = await executor.open({ id: newId('e'), workflow: 'w' })
    site = await openSite(room, {})
  })
  afterAll(async () => {
    await executor.close()
    remove()
  })

  test('a service that fails again and again is started after 0.5 s, then after twice as long each time', async () => {
    let starts = 0
    const hear = () => void (starts += 1)
    const service = await startService(site, {}, { argv: ['sh', '-c', 'echo x; exit 7'], restartPolicy: 'OnFailure', hear })
    for (const [restarts, waitMs] of [500, 1_000, 2_000].entries()) {
      await eventually(
        'it has failed, and waits',
        async () => clock.waiting() > 0 && starts === restarts + 1 && (await service.health()).faults.length > 0,
      )
      clock.advance(waitMs - 1)
      expect(await service.health()).toMatchObject({ restarts })
      clock.advance(1)
      await eventually('it was started', async () => starts === restarts + 2)
    }
    const { faults } = await service.health()
    expect(faults).toEqual(['ended with exit code 7'])
    await service.close()
    expect(await service.ended).toMatchObject({ exitCode: 7 })
  })

  test('a service has folders and ports of its own, and finds the ports by their declared numbers', async () => {
    const said: string[] = []
    const argv = ['sh', '-c', 'echo "$PORT $PORT_5432 $PORT_80"; pwd -P']
    const cwd = site.files.path('/data/deep')
    const service = await startService(
      site,
      {},
      {
        argv,
        cwd,
        ports: [5432, 80],
        prepare: (files) => files.empty('/data/deep'),
        hear: (_, bytes) => void said.push(bytes.toString()),
      },
    )
    await service.ended
    const [ports, folder] = said.join('').split('\n')
    expect(ports).toBe(`${service.ports[5432]} ${service.ports[5432]} ${service.ports[80]}`)
    expect(new Set(Object.values(service.ports)).size).toBe(2)
    expect(folder).toMatch(/\/data\/deep$/)
    expect(folder).not.toBe(cwd)
    expect(service.address).toBe('127.0.0.1')
    await service.close()
  })

  test('an exec probe that hangs is ended after its time, and the service lives on', async () => {
    const service = await startService(site, {}, { argv: ['sleep', '60'], probe: { exec: { command: ['sleep', '60'] } } })
    let answer: boolean | undefined
    void service.tryProbe(1_000).then((success) => (answer = success))
    await eventually('it is over', () => {
      clock.advance(1_000)
      return answer !== undefined
    })
    expect(answer).toBe(false)
    expect(await service.health()).toEqual({ faults: [], restarts: 0 })
    await service.close()
  })
})

describe('probes over the network', () => {
  let server: Server
  let port: number
  beforeAll(async () => {
    server = createServer((asked, answer) => {
      if (asked.url === '/hang') return
      answer.statusCode = Number(asked.headers['x-status'] ?? asked.url!.slice(1))
      answer.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ;({ port } = server.address() as AddressInfo)
  })
  afterAll(() => server.closeAllConnections())
  const ask = (probe: Probe, timeoutMs = 2_000) =>
    tryProbe(probe, { ports: { 80: port }, succeeds: () => Promise.resolve(false) }, timeoutMs)

  test.each([
    [200, true],
    [302, true],
    [404, false],
    [503, false],
  ])('an answer of %i is %s', async (status, isReady) => {
    expect(await ask({ httpGet: { path: `/${status}`, port: 80 } })).toBe(isReady)
    expect(await ask({ httpGet: { port: '80', httpHeaders: [{ name: 'X-Status', value: String(status) }] } })).toBe(isReady)
  })

  test('no answer in time, no listener and no such port are no success', async () => {
    expect(await ask({ httpGet: { path: '/hang', port: 80 } }, 50)).toBe(false)
    expect(await ask({ httpGet: { path: '/200', port: 80, scheme: 'HTTPS' } })).toBe(false)
    expect(await ask({ httpGet: { path: '/ bad\n', port: 80 } })).toBe(false)
    expect(await ask({ tcpSocket: { port: 1 } })).toBe(false)
    expect(await ask({ tcpSocket: { port: 'named' } })).toBe(false)
    expect(await ask({ tcpSocket: { port: 80 } })).toBe(true)
  })
})
