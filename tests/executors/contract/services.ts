import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Probe } from '../../../src/contracts/workflow/service.ts'
import type { Site } from '../../../src/executors/executor.ts'
import { beats, eventually, type Ground, newId, run, startService } from '../contract-house.ts'

/** Answers with its name; begins to listen, and then to say 200, late. */
const server = (node: string, name: string, { listenMs = 0, readyMs = 0 } = {}) => [
  node,
  '-e',
  `const startedMs = Date.now()
  process.on('SIGTERM', () => process.exit())
  const server = require('http').createServer((asked, answer) => {
    answer.statusCode = asked.url === '/ready' && Date.now() - startedMs < ${readyMs} ? 503 : 200
    answer.end('${name}')
  })
  setTimeout(() => server.listen(Number(process.env.PORT_8080)), ${listenMs})`,
]

/** A program that gets what is answered there, and says it. */
const getter = (node: string, address: string) => [
  node,
  '-e',
  `fetch(process.argv[1]).then((r) => r.text()).then((t) => process.stdout.write(t), (e) => { console.error(e); process.exit(1) })`,
  address,
]

export function serviceContract(ground: Ground): void {
  describe('services', () => {
    let site: Site
    const container = () => ground.house.container
    beforeAll(async () => {
      site = await ground.openSite()
    }, 120_000)
    afterAll(() => site?.close(), 60_000)

    test('services with the same port are reached by each other, and by commands of all sites', async ({ skip }) => {
      const { node } = ground.house
      if (node === undefined) return skip('no program that listens')
      const services = await Promise.all(
        ['one', 'two'].map((name) => startService(site, container(), { name, argv: server(node, name), ports: [8080] })),
      )
      const addresses = services.map(({ address, ports }) => `http://${address}:${ports[8080]}/`)
      const other = await ground.openSite()
      for (const [i, address] of addresses.entries()) {
        const says = async () => (await run(other, container(), getter(node, address))).stdout.toString()
        await eventually(`${address} answers`, async () => (await says()) === ['one', 'two'][i])
      }
      const said: string[] = []
      const asking = await startService(site, container(), {
        argv: getter(node, addresses[1]!),
        hear: (_, bytes) => void said.push(bytes.toString()),
      })
      expect(await asking.ended).toEqual({ exitCode: 0 })
      expect(said.join('')).toBe('two')
      await other.close()
      await Promise.all(services.map((service) => service.close()))
    })

    const LATE_MS = 1_200
    const PROBES: { probe: Probe; argv: (node: string) => readonly string[] }[] = [
      {
        probe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 1 },
        argv: (node) => server(node, 'x', { readyMs: LATE_MS }),
      },
      { probe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }, argv: (node) => server(node, 'x', { listenMs: LATE_MS }) },
      {
        probe: { exec: { command: ['test', '-e', 'ready'] }, periodSeconds: 1 },
        argv: () => ['sh', '-c', `sleep ${LATE_MS / 1_000}; touch ready; trap exit TERM; sleep 60 & wait`],
      },
    ]
    test.each(PROBES)('a probe succeeds when the service is ready, and not before: $probe', async ({ probe, argv }) => {
      const { node } = ground.house
      if (node === undefined && !probe.exec) return
      const startedMs = performance.now()
      const service = await startService(site, container(), { argv: argv(node ?? ''), ports: [8080], probe })
      await eventually('it is ready', () => service.tryProbe(500))
      expect(performance.now() - startedMs).toBeGreaterThan(LATE_MS)
      expect(await service.health()).toEqual({ faults: [], restarts: 0 })
      await service.close()
      expect(await service.tryProbe(500)).toBe(false)
    })

    test('a service that dies at once has ended with its code, and is not healthy', async () => {
      const service = await startService(site, container(), { argv: ['sh', '-c', 'exit 9'] })
      expect(await service.ended).toMatchObject({ exitCode: 9 })
      const { faults, restarts } = await service.health()
      expect(restarts).toBe(0)
      expect(faults).toHaveLength(1)
      await service.close()
    })

    test('a service that ends with 0 is healthy', async () => {
      const service = await startService(site, container(), { argv: ['true'], restartPolicy: 'OnFailure' })
      expect(await service.ended).toEqual({ exitCode: 0 })
      expect(await service.health()).toEqual({ faults: [], restarts: 0 })
      await service.close()
    })

    test('a service that failed is started again if it says so', { timeout: 60_000 }, async () => {
      const line = 'if [ -e again ]; then echo second; trap exit TERM; sleep 60 & wait; fi; touch again; exit 4'
      const said: string[] = []
      const service = await startService(site, container(), {
        argv: ['sh', '-c', line],
        restartPolicy: 'OnFailure',
        hear: (_, bytes) => void said.push(bytes.toString()),
      })
      await eventually('it runs again', () => said.join('').includes('second'), 45_000)
      const { faults, restarts } = await service.health()
      expect(restarts).toBe(1)
      expect(faults.length).toBeGreaterThan(0)
      await service.close()
    })

    test('files are there before its main process begins', async () => {
      const said: string[] = []
      const service = await startService(site, container(), {
        argv: ['sh', '-c', 'cat prepared'],
        prepare: (files) => files.writeFile('prepared', Buffer.from('before')),
        hear: (_, bytes) => void said.push(bytes.toString()),
      })
      expect(await service.ended).toEqual({ exitCode: 0 })
      expect(said.join('')).toBe('before')
      await service.close()
    })

    test('a service whose files cannot be put there does not start', async () => {
      const prepare = () => Promise.reject(new Error('no files'))
      await expect(startService(site, container(), { argv: ['sleep', '60'], prepare })).rejects.toThrow('no files')
    })

    test('a service that closes ends with all that it has started', async () => {
      const id = newId('e')
      const room = await ground.house.executor.open({ id, workflow: 'contract' })
      const alone = await ground.openSite(room)
      const before = (await ground.house.left(id)).running.length
      const line = `trap exit TERM; (${beats('beat')}) & ( (${beats('beat')}) & ); wait`
      const service = await startService(alone, container(), { argv: ['sh', '-c', line] })
      expect((await ground.house.left(id)).running.length).toBeGreaterThan(before)
      await service.close()
      await service.close()
      await eventually('it is gone', async () => (await ground.house.left(id)).running.length === before)
      await room.close()
    })

    test('a service that closes may end in its own way, and its last words are heard', async () => {
      let said = ''
      const service = await startService(site, container(), {
        argv: ['sh', '-c', 'trap "echo bye; exit 0" TERM; echo up; sleep 60 & wait'],
        hear: (_, bytes) => void (said += bytes.toString()),
      })
      await eventually('it is up', () => said.includes('up'))
      await service.close()
      expect(said).toBe('up\nbye\n')
    })

    test('relative working folders of a service begin where those of commands do', async () => {
      let said = ''
      const service = await startService(site, container(), {
        argv: ['sh', '-c', 'pwd'],
        cwd: 'sub',
        prepare: (files) => files.writeFile('sub/x', Buffer.from('x')),
        hear: (_, bytes) => void (said += bytes.toString()),
      })
      await service.ended
      await eventually('it is said', () => said.endsWith('/data/repo/sub\n'))
      await service.close()
    })

    test('a program that is not there is no service', async () => {
      await expect(startService(site, container(), { argv: ['no-such-program-here'] })).rejects.toMatchObject({
        code: 'SERVICE_FAILED',
      })
    })
  })
}
