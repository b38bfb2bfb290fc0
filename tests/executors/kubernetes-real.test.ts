import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { connectEngine } from '../../src/executors/container/engine.ts'
import { dockerHost } from '../support/docker.ts'
import { testImages } from '../support/images.ts'
import { executorContract } from './contract.ts'
import { openForContract } from './kubernetes-house.ts'
import { writeKubeconfig } from './kubernetes/kubeconfig.ts'
import { startRealApi } from './kubernetes/real-api.ts'

const programs = process.env['EVERWARM_TEST_KUBE_BIN'] ?? ''
const isThere = programs !== '' && existsSync(join(programs, 'kube-apiserver'))
if (!isThere)
  console.info('Tests on a real API server are skipped: EVERWARM_TEST_KUBE_BIN names no folder with one (docs/kubernetes.md).')
const host = isThere ? await dockerHost() : undefined

describe.skipIf(host === undefined)('with a real API server', () => {
  let api: Awaited<ReturnType<typeof startRealApi>>
  let config: ReturnType<typeof writeKubeconfig>
  beforeAll(async () => {
    const docker = await connectEngine({ host: host!, env: {} })
    const { base } = await testImages(host!)
    api = await startRealApi({ programs, docker, image: base })
    config = writeKubeconfig(api)
    process.env['CONTRACT_KUBECONFIG'] = config.path
  }, 120_000)
  afterAll(async () => {
    await api?.close()
    config?.remove()
  }, 60_000)

  executorContract('kubernetes', openForContract, { module: new URL('kubernetes-house.ts', import.meta.url) })
})
