import { afterAll, beforeAll, describe } from 'vitest'
import type { ExecutionRoom } from '../../src/executors/executor.ts'
import { commandContract } from './contract/commands.ts'
import { deathContract } from './contract/death.ts'
import { environmentContract } from './contract/environment.ts'
import { fileContract } from './contract/files.ts'
import { outputContract } from './contract/output.ts'
import { serviceContract } from './contract/services.ts'
import { stopContract } from './contract/stop.ts'
import { type ContractHouse, type Ground, newId, openSite } from './contract-house.ts'

export interface ContractOptions {
  /** A module whose export `openForContract` opens such a house in another process, which is killed. Absent: not tested. */
  module?: URL
}

/** Of the caller's environment, and of no command's. */
export const MARKER = 'CONTRACT_MARKER'

/** What every executor keeps to: local, container and kubernetes run the same tests. */
export function executorContract(name: string, open: () => Promise<ContractHouse>, { module }: ContractOptions = {}): void {
  describe(`an executor: ${name}`, () => {
    let house: ContractHouse
    let room: ExecutionRoom
    const ground: Ground = {
      get house() {
        return house
      },
      get room() {
        return room
      },
      openSite: (other = room) => openSite(other, house.container),
    }
    beforeAll(async () => {
      process.env[MARKER] = 'of the caller'
      house = await open()
      room = await house.executor.open({ id: newId('e'), workflow: 'contract' })
    }, 180_000)
    afterAll(async () => {
      delete process.env[MARKER]
      await room?.close()
      await house?.close()
    }, 180_000)

    commandContract(ground)
    environmentContract(ground, MARKER)
    outputContract(ground)
    fileContract(ground)
    stopContract(ground)
    serviceContract(ground)
    deathContract(ground, open, module)
  })
}
