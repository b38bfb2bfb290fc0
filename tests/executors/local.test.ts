import { afterAll } from 'vitest'
import { executorContract } from './contract.ts'
import { localHouse, newRoot } from './local-house.ts'

const { root, remove } = newRoot()
process.env['CONTRACT_ROOT'] = root
afterAll(remove)

executorContract('local', async () => localHouse(root), { module: new URL('./local-house.ts', import.meta.url) })
