import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContainerExecutor } from '../../../src/executors/container/container-executor.ts'
import { connectEngine } from '../../../src/executors/container/engine.ts'
import type { Executor, ExecutorName } from '../../../src/executors/executor.ts'
import { createKubernetesExecutor } from '../../../src/executors/kubernetes/kubernetes-executor.ts'
import { createLocalExecutor } from '../../../src/executors/local/local-executor.ts'
import { startApiDouble } from '../../executors/kubernetes/api-double.ts'
import { writeKubeconfig } from '../../executors/kubernetes/kubeconfig.ts'
import type { ObjectStore } from '../../executors/kubernetes/object-store.ts'
import { deployedRules } from '../../executors/kubernetes/role-rules.ts'
import { dockerHost } from '../../support/docker.ts'
import { testImages } from '../../support/images.ts'

/** Node of this project, and its tools. */
const CHROMIUM = process.env['EVERWARM_CHROMIUM'] ?? '/usr/bin/chromium'
const PROGRAMS = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url))

/** A place in which workflows run, for tests. */
export interface House {
  name: ExecutorName
  executor: Executor
  /** Objects of the cluster, where there is one. */
  objects?: ObjectStore
  close(): Promise<void>
}

export interface Houses {
  all: House[]
  /** With `sh`, `tar`, `find` and `node`; of no meaning where there are no containers. */
  image: string
  close(): Promise<void>
}

/** Processes of this machine and, where an engine is, containers and a cluster whose pods are containers. */
export async function openHouses({ image }: { image?: (host: string) => Promise<string> } = {}): Promise<Houses> {
  const host = await dockerHost()
  if (host === undefined) return housesOf([localHouse()], 'none')
  const { base, node } = await testImages(host)
  const container = createContainerExecutor({ host, env: {} })
  return housesOf(
    [localHouse(), { name: 'container', executor: container, close: () => container.close() }, await clusterHouse(host, base)],
    image ? await image(host) : node,
  )
}

function housesOf(all: House[], image: string): Houses {
  return { all, image, close: async () => void (await Promise.all(all.map((house) => house.close()))) }
}

function localHouse(): House {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-same-')))
  const executor = createLocalExecutor({
    root,
    env: { ...process.env, PATH: `${PROGRAMS}:${process.env['PATH']}`, CHROMIUM },
    passEnv: ['CHROMIUM'],
  })
  return {
    name: 'local',
    executor,
    async close() {
      await executor.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Of an engine, in tests; in life it is 32 s. */
const SILENCE_MS = 20_000

async function clusterHouse(host: string, image: string): Promise<House> {
  const docker = await connectEngine({ host, env: {} })
  const api = await startApiDouble({ docker, image, rules: deployedRules() })
  const config = writeKubeconfig(api)
  const executor = createKubernetesExecutor({ kubeconfig: config.path, env: {}, silenceMs: SILENCE_MS })
  return {
    name: 'kubernetes',
    executor,
    objects: api.store,
    async close() {
      await executor.close()
      await api.close()
      config.remove()
    },
  }
}
