import { describe } from 'vitest'
import { dockerHost } from '../support/docker.ts'
import { executorContract } from './contract.ts'
import { openForContract } from './container-house.ts'

describe.skipIf((await dockerHost()) === undefined)('with a container engine', () => {
  executorContract('container', openForContract, { module: new URL('container-house.ts', import.meta.url) })
})
