import { availableParallelism, totalmem } from 'node:os'
import process from 'node:process'

export interface Machine {
  cpus: number
  memoryBytes: number
}

/** This machine, or the container it is: Node reports no limit as 0 or as an absurd number. */
export function thisMachine(): Machine {
  const constrained = process.constrainedMemory()
  const total = totalmem()
  return { cpus: availableParallelism(), memoryBytes: constrained > 0 && constrained < total ? constrained : total }
}
