import { createKubernetesExecutor } from '../../src/executors/kubernetes/kubernetes-executor.ts'
import { connectCluster } from '../../src/executors/kubernetes/cluster.ts'
import { EXECUTION_LABEL } from '../../src/executors/kubernetes/names.ts'
import { isFinished } from '../../src/executors/kubernetes/pod-state.ts'
import { connectEngine } from '../../src/executors/container/engine.ts'
import { dockerHost } from '../support/docker.ts'
import { testImages } from '../support/images.ts'
import type { ContractHouse } from './contract-house.ts'

/** Of an engine, in tests; in life it is 32 s. */
const SILENCE_MS = Number(process.env['EVERWARM_TEST_SILENCE_MS'] ?? 8_000)

/** For the contract, also in a process that is killed: the server of CONTRACT_KUBECONFIG is there. */
export async function openForContract(): Promise<ContractHouse> {
  const kubeconfig = process.env['CONTRACT_KUBECONFIG']!
  const host = (await dockerHost())!
  const { node } = await testImages(host)
  const docker = await connectEngine({ host, env: {} })
  const cluster = await connectCluster({ kubeconfig, env: {} })
  const executor = createKubernetesExecutor({ kubeconfig, env: {}, silenceMs: SILENCE_MS })
  return {
    executor,
    container: { image: node, imagePullPolicy: 'Never' },
    node: '/usr/local/bin/node',
    async left(executionId) {
      const selector = `${EXECUTION_LABEL}=${executionId}`
      const [{ items: pods }, jobs] = await Promise.all([
        cluster.listPods(cluster.namespace, selector),
        cluster.listJobs(cluster.namespace, selector),
      ])
      const containers = await docker.listContainers({ filters: { label: [selector] } })
      const named = (items: readonly { metadata?: { name?: string } }[]) => items.map(({ metadata }) => metadata!.name!).sort()
      return {
        running: [...named(pods.filter((pod) => !isFinished(pod))), ...containers.map(({ Id: id }) => id.slice(0, 12)).sort()],
        kept: [...named(jobs), ...named(pods.filter(isFinished))],
      }
    },
    close: () => executor.close(),
  }
}
