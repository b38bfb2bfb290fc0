import { afterAll, beforeAll, describe } from 'vitest'
import { connectEngine } from '../../src/executors/container/engine.ts'
import { dockerHost } from '../support/docker.ts'
import { testImages } from '../support/images.ts'
import { executorContract } from './contract.ts'
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
})
