import { createContainerExecutor } from '../../src/executors/container/container-executor.ts'
import { connectEngine } from '../../src/executors/container/engine.ts'
import { EXECUTION } from '../../src/executors/container/marks.ts'
import { dockerHost } from '../support/docker.ts'
import { testImages } from '../support/images.ts'
import type { ContractHouse } from './contract-house.ts'

/** For the contract, also in a process that is killed. The engine is there: its test has looked. */
export async function openForContract(): Promise<ContractHouse> {
  const host = (await dockerHost())!
  const { node } = await testImages(host)
  const docker = await connectEngine({ host, env: {} })
  const executor = createContainerExecutor({ host, env: {} })
  return {
    executor,
    container: { image: node, imagePullPolicy: 'Never' },
    node: '/usr/local/bin/node',
    async left(executionId) {
      const filters = { label: [`${EXECUTION}=${executionId}`] }
      const [containers, { Volumes: volumes }, networks] = await Promise.all([
        docker.listContainers({ all: true, filters }),
        docker.listVolumes({ filters }),
        docker.listNetworks({ filters }),
      ])
      return {
        running: containers.map(({ Names: names }) => names[0]!).sort(),
        kept: [...(volumes ?? []), ...networks].map(({ Name: name }) => name).sort(),
      }
    },
    close: () => executor.close(),
  }
}
