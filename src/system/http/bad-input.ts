import { InvalidInput, type Issue } from '../checked.ts'

/** A request that is wrong in itself; its answer lists what is wrong where. */
export class BadInput extends InvalidInput {
  constructor(issues: readonly Issue[], hint?: string) {
    super('The request', issues, hint)
  }
}
