import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Container, Pod } from '../../src/contracts/workflow/container.ts'
import type { ExecutionRoom, SiteRequest } from '../../src/executors/executor.ts'
import { connectEngine } from '../../src/executors/container/engine.ts'
import { SITE } from '../../src/executors/container/marks.ts'
import { dockerHost } from '../support/docker.ts'
import { openForContract } from './container-house.ts'
import { begin, type ContractHouse, eventually, newId, openSite, run, sizeOf, startService } from './contract-house.ts'

describe.skipIf((await dockerHost()) === undefined)('fields of containers', () => {
  let house: ContractHouse
  let room: ExecutionRoom
  beforeAll(async () => {
    house = await openForContract()
    room = await house.executor.open({ id: newId('f'), workflow: 'fields' })
  }, 120_000)
  afterAll(async () => {
    await room?.close()
    await house?.close()
  }, 60_000)

  const withPod = (pod: Pod, container = house.container, more: Partial<SiteRequest> = {}) =>
    room.openSite({
      id: newId('s'),
      commands: [{ ref: 'shared', container, isShared: true }],
      pod,
      signal: AbortSignal.timeout(60_000),
      ...more,
    })
  const says = async (container: Container, line: string, pod: Pod = {}) => {
    const site = await withPod(pod, container)
    const { stdout, stderr } = await run(site, container, line)
    await site.close()
    return `${stdout.toString()}${stderr.toString()}`.trim()
  }

  test('who is no root, in a container that is read-only, writes in its folders', async () => {
    const securityContext = { runAsUser: 1000, runAsGroup: 1000, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
    const container = { ...house.container, securityContext }
    const site = await openSite(room, container)
    await site.files.writeFile('of/site', Buffer.from('x'))
    const line = 'id -u; touch here /data/there "$TMPDIR/x" && cat of/site && ! touch /etc/x 2>/dev/null && echo well'
    expect((await run(site, container, line)).stdout.toString()).toBe('1000\nxwell\n')
    const { process } = await begin(site, container, 'trap "" TERM; while :; do sleep 1; done')
    await process.stop(100)
    expect(await process.ended).toMatchObject({ signal: 'SIGKILL' })
    await site.close()
  })

  test('a command that takes more memory than it may says that this was the reason', async () => {
    const container = { ...house.container, resources: { limits: { memory: '32Mi', cpu: '500m' } } }
    const site = await openSite(room, container)
    const { end } = await run(site, container, ['sh', '-c', 'exec head -c 100m /dev/zero | tail -c 100m | wc -c'])
    expect(end.exitCode).toBe(0)
    const grows = `const all = []; for (;;) all.push(Buffer.alloc(1e6, 1))`
    expect((await run(site, container, ['node', '-e', grows])).end).toEqual({ reason: 'OOMKilled' })
    expect((await run(site, container, 'kill -9 $$')).end).toEqual({ signal: 'SIGKILL' })
    await site.close()
  })

  test('containers of a site share volumes, each sees only those that it mounts', async () => {
    const host = mkdtempSync(join(tmpdir(), 'ew-mount-'))
    writeFileSync(join(host, 'file'), 'of the machine')
    const pod = {
      volumes: [
        { name: 'both', emptyDir: {} },
        { name: 'host', hostPath: { path: host } },
        { name: 'fast', emptyDir: { medium: 'Memory' } },
      ],
    }
    const both = { name: 'both', mountPath: '/both' }
    const one = { ...house.container, volumeMounts: [both, { name: 'host', mountPath: '/host', readOnly: true }] }
    const two = { ...house.container, volumeMounts: [both, { name: 'fast', mountPath: '/fast' }] }
    const site = await withPod(pod, one)
    const first = await run(site, one, 'cat /host/file; touch /host/x 2>/dev/null || echo " read-only"; echo shared > /both/x')
    expect(first.stdout.toString()).toBe('of the machine read-only\n')
    const second = await run(site, two, 'cat /both/x; grep -c "/fast tmpfs" /proc/mounts; ls /host 2>/dev/null || echo no host')
    expect(second.stdout.toString()).toBe('shared\n1\nno host\n')
    await site.close()
    rmSync(host, { recursive: true })
  })

  test('a claim lives as long as the execution, and its sites share it', async () => {
    const name = newId('c')
    const pod = { volumes: [{ name: 'cache', persistentVolumeClaim: { claimName: name } }] }
    const container = { ...house.container, volumeMounts: [{ name: 'cache', mountPath: '/cache' }] }
    const first = await withPod(pod, container, { pvcs: { [name]: {} } })
    await run(first, container, 'echo kept > /cache/x')
    await first.close()
    expect(await says(container, 'cat /cache/x', pod)).toBe('kept')
  })

  test('hosts and servers of names are as the pod says', async () => {
    const pod = {
      hostAliases: [{ ip: '10.9.8.7', hostnames: ['one.example', 'two.example'] }],
      dnsConfig: { searches: ['in.example'] },
    }
    const said = await says(house.container, 'cat /etc/hosts /etc/resolv.conf', pod)
    expect(said).toMatch(/10\.9\.8\.7\s+one\.example/)
    expect(said).toMatch(/search in\.example/)
  })

  test('without a command the image says what runs', async () => {
    const site = await openSite(room, house.container)
    const process = await site.start({ ref: 'shared', container: house.container, isShared: true, env: {}, hear() {} })
    expect(await process.ended).toEqual({ exitCode: 0 })
    await site.close()
  })

  test('an image that is not here and must not be pulled, and none at all, are said', async () => {
    const commandOf = async (container: Container) => run(await openSite(room, container), container, 'true')
    await expect(commandOf({ image: 'no.example/such:1', imagePullPolicy: 'Never' })).rejects.toMatchObject({
      code: 'IMAGE_UNAVAILABLE',
      hint: expect.any(String),
    })
    await expect(commandOf({})).rejects.toMatchObject({ code: 'FIELD_UNSUPPORTED' })
    await expect(commandOf({ ...house.container, volumeMounts: [{ name: 'x', mountPath: '/x' }] })).rejects.toMatchObject({
      code: 'FIELD_UNSUPPORTED',
    })
  })

  test('what a command leaves running ends with the next one that is stopped, others go on', async () => {
    const site = await openSite(room, house.container)
    const other = await begin(site, house.container, 'setsid sleep 30 & sleep 31; echo survived')
    const stopped = await begin(site, house.container, 'setsid sleep 32 & sleep 33')
    const sleeps = async () => {
      const { stdout } = await run(
        site,
        house.container,
        'cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -o "sleep 3[0-9]" | sort -u',
      )
      return stdout.toString().trim().split('\n')
    }
    await eventually('all sleep', async () => (await sleeps()).length === 4)
    await stopped.process.stop(1_000)
    expect(await sleeps()).toEqual(['sleep 30', 'sleep 31'])
    await other.process.stop(0)
    await site.close()
  })

  test('a container that somebody removes is lost with its command, and the next command gets another', async () => {
    const docker = await connectEngine({ host: await dockerHost(), env: {} })
    const site = await openSite(room, house.container)
    const { process } = await begin(site, house.container, 'echo kept > file; sleep 60')
    await eventually('it has written', () => sizeOf(site, 'file'))
    const [found] = await docker.listContainers({ filters: { label: [`${SITE}=${site.id}`] } })
    await docker.getContainer(found!.Id).remove({ force: true })
    expect(await process.ended).toEqual({ reason: 'lost' })
    await process.pause()
    await process.stop(1_000)
    expect((await run(site, house.container, 'cat file')).stdout.toString()).toBe('kept\n')
    await site.close()
  })

  test('files of a service are those of its image, of its volumes and what was put there', async () => {
    const site = await openSite(room, house.container)
    const seen: unknown[] = []
    const said: string[] = []
    const service = await startService(site, house.container, {
      argv: ['sh', '-c', 'cat /etc/own/settings; ls -A; . ./run.sh'],
      async prepare(files) {
        await files.writeFile('/etc/own/settings', Buffer.from('set\n'))
        await site.files.writeFile('from/run.sh', Buffer.from('echo unpacked'), 0o755)
        await files.unpack('/data/repo', await site.files.pack('from', { include: ['**/*'], exclude: [] }))
        seen.push(await files.glob({ include: ['/data/repo/**'], exclude: [] }), (await files.readFile('run.sh', 99)).toString())
        seen.push(Object.keys(await files.readSmall('/etc/own', 99)))
        await expect(files.readFile('nothing', 9)).rejects.toMatchObject({ code: 'FILE_NOT_READ' })
      },
      hear: (_, bytes) => void said.push(bytes.toString()),
    })
    expect(await service.ended).toEqual({ exitCode: 0 })
    expect(seen).toEqual([['/data/repo/run.sh'], 'echo unpacked', ['settings']])
    expect(said.join('')).toBe('set\nrun.sh\nunpacked\n')
    await site.close()
  })
})
