import type { Engine } from './engine.ts'
import type { LendingBoot } from './host.ts'
export async function webdriverSessions(_: LendingBoot): Promise<Engine> {
  throw new Error('not yet')
}
