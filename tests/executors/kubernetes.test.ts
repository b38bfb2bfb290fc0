import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ExecutionRoom, Site } from '../../src/executors/executor.ts'
import { connectEngine } from '../../src/executors/container/engine.ts'
import { dockerHost } from '../support/docker.ts'
import { testImages } from '../support/images.ts'
import { executorContract } from './contract.ts'
import { begin, type ContractHouse, newId, openSite, run, startService } from './contract-house.ts'
import { openForContract } from './kubernetes-house.ts'
import { type ApiDouble, startApiDouble } from './kubernetes/api-double.ts'
import { writeKubeconfig } from './kubernetes/kubeconfig.ts'
import { deployedRules } from './kubernetes/role-rules.ts'

const host = await dockerHost()

describe.skipIf(host === undefined)('with pods that are real containers', () => {
  let api: ApiDouble
  let config: ReturnType<typeof writeKubeconfig>
  beforeAll(async () => {
    const docker = await connectEngine({ host: host!, env: {} })
    const { base } = await testImages(host!)
    api = await startApiDouble({ docker, image: base, rules: deployedRules() })
    config = writeKubeconfig(api)
    process.env['CONTRACT_KUBECONFIG'] = config.path
  }, 120_000)
  afterAll(async () => {
    await api?.close()
    config?.remove()
  }, 60_000)

  executorContract('kubernetes', openForContract, { module: new URL('kubernetes-house.ts', import.meta.url) })

  describe('and only on Kubernetes', () => {
    let house: ContractHouse
    let room: ExecutionRoom
    let site: Site
    beforeAll(async () => {
      house = await openForContract()
      room = await house.executor.open({ id: newId('e'), workflow: 'kubernetes' })
      site = await openSite(room, house.container)
    }, 60_000)
    afterAll(async () => {
      await room?.close()
      await house?.close()
    }, 60_000)

    test('connections that break again and again lose no byte of output, and double none', { timeout: 60_000 }, async () => {
      const LINES = 1_500
      const loop = `i=0; while [ $i -lt ${LINES} ]; do echo "line $i of a text"; [ $((i % 50)) = 0 ] && sleep 0.1; i=$((i+1)); done`
      const { ran, stdout } = await begin(site, house.container, `${loop}; echo end >&2; exit 7`)
      let broken = 0
      const breaking = setInterval(() => (broken += api.kubelet.breakAll()), 250)
      const { end, stderr } = await ran()
      clearInterval(breaking)
      expect(broken).toBeGreaterThan(2)
      expect(end).toEqual({ exitCode: 7 })
      expect(stdout()).toBe(Array.from({ length: LINES }, (_, i) => `line ${i} of a text\n`).join(''))
      expect(stderr.toString()).toBe('end\n')
    })

    test('output that comes late is heard all the same', { timeout: 30_000 }, async () => {
      const stopPump =
        'for p in /proc/[0-9]*; do case "$(readlink $p/fd/0)" in *everwarm*/o) kill -STOP ${p#/proc/}; ' +
        '(sleep 1; kill -CONT ${p#/proc/}) >/dev/null 2>&1 & ;; esac; done'
      const { end, stdout } = await run(site, house.container, `${stopPump}; echo important; exit 3`)
      expect([end, stdout.toString()]).toEqual([{ exitCode: 3 }, 'important\n'])
    })

    test('a background process of an earlier command is not stopped with a later one', async () => {
      await run(site, house.container, '(while :; do printf . >> server; sleep 0.05; done) >/dev/null 2>&1 &')
      const { process, ran } = await begin(site, house.container, 'sleep 60')
      await process.stop(0)
      expect((await ran()).end).toEqual({ signal: 'SIGKILL' })
      const { stdout } = await run(
        site,
        house.container,
        'a=$(wc -c < server); sleep 0.3; b=$(wc -c < server); [ "$b" -gt "$a" ] && echo grows',
      )
      expect(stdout.toString()).toBe('grows\n')
    })

    test('a command that says no program is not begun', async () => {
      await expect(run(site, house.container, [])).rejects.toMatchObject({ code: 'COMMAND_NOT_STARTED' })
    })

    test('values of secrets are in no argument, manifest or address', async () => {
      const secret = 'hunter2-of-the-tests'
      const seen = await run(
        site,
        house.container,
        'printf %s "$MARK" > mark; cat /proc/[0-9]*/cmdline | grep -c -f mark; [ "$TOKEN" = "$WANTED" ] && echo same',
        {
          env: { TOKEN: secret, WANTED: secret, MARK: secret.slice(0, 8) },
        },
      )
      expect(seen.stdout.toString()).toBe('0\nsame\n')
      const said: string[] = []
      const service = await startService(site, house.container, {
        argv: ['sh', '-c', `echo ${secret}; echo $TOKEN`],
        env: { TOKEN: secret },
        hear: (_, bytes) => void said.push(bytes.toString()),
      })
      await service.ended
      expect(said.join('')).toBe(`${secret}\n${secret}\n`)
      expect(JSON.stringify([...api.store.list('pods'), ...api.store.list('jobs')])).not.toContain(secret)
      await service.close()
    })

    test('a command that takes more memory than its container may have says that it was that', async () => {
      const other = await openSite(room, { ...house.container, resources: { limits: { memory: '24Mi' } } })
      const { end } = await run(other, house.container, 'head -c 100000000 /dev/zero | tail -c 90000000 > /dev/null; exit $?')
      expect(end).toEqual({ signal: 'SIGKILL', reason: 'OOMKilled' })
      expect((await run(other, house.container, 'kill -KILL $$')).end).toEqual({ signal: 'SIGKILL' })
      await other.close()
    })

    test('a site whose image is not there says so, and leaves nothing', async () => {
      const id = newId('e')
      const other = await house.executor.open({ id, workflow: 'kubernetes' })
      const opened = openSite(other, { image: 'no-such-image:1', imagePullPolicy: 'Never' })
      await expect(opened).rejects.toMatchObject({ code: 'IMAGE_UNAVAILABLE' })
      await other.close()
      await expect.poll(() => house.left(id)).toEqual({ running: [], kept: [] })
    })

    test('a command whose pod is removed by someone else is lost, and says so', async () => {
      const other = await openSite(room, house.container)
      const { ran } = await begin(other, house.container, 'sleep 60')
      const [pod] = api.store.list('pods', 'default', `everwarm.site=${other.id}`)
      api.store.replace('pods', {
        ...pod!,
        metadata: { ...pod!.metadata, deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: 0 },
      })
      expect((await ran()).end).toEqual({ reason: 'lost' })
      await other.close()
    })
  })

  test('the Role in deploy/ allows what the executor asks for, and nothing else', () => {
    const allowed = deployedRules().flatMap(({ verbs, resources }) =>
      resources.flatMap((name) => verbs.map((verb) => `${verb} ${name}`)),
    )
    // Servers from 1.35 on want it for the same calls.
    const asked = [...api.calls, 'create pods/exec', 'create persistentvolumeclaims']
    expect([...new Set(asked)].sort()).toEqual(allowed.sort())
  })
})
