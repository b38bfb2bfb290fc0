import type { HearLinkOutside } from '../../content/archive/packed-link.ts'
import type { Engine } from './engine.ts'
import type { AnyOperation } from './operation.ts'

/** So many are named; a store of packages has thousands. */
const MOST_NAMED = 5

/** Those of an operation. */
export const linksOf = ({ unit, node }: Pick<AnyOperation, 'unit' | 'node'>) =>
  new LeftOutLinks(unit.engine.warn, unit.options.path, node.ref)

/** Links that lead out of what is packed are left out, and told by one warning with their names. */
export class LeftOutLinks {
  readonly #warn: Engine['warn']
  readonly #at: readonly [unit: string, ref: string | undefined]
  readonly #named: string[] = []
  #count = 0

  constructor(warn: Engine['warn'], unit = '', ref?: string) {
    this.#warn = warn
    this.#at = [unit, ref]
  }

  readonly hear: HearLinkOutside = (path, target) => {
    this.#count += 1
    if (this.#named.length < MOST_NAMED) this.#named.push(`${path} -> ${target}`)
  }

  /** Once the archive has been read. */
  tell(folder: string): void {
    if (this.#count === 0) return
    const more = this.#count > this.#named.length ? ` and ${this.#count - this.#named.length} more` : ''
    const [what, are] = this.#count === 1 ? ['A link leads', 'it is'] : [`${this.#count} links lead`, 'they are']
    const message = `${what} out of ${folder}, and nobody would find there what is meant; ${are} left out: ${this.#named.join(', ')}${more}.`
    this.#warn(...this.#at, 'ARCHIVE_REFUSED', message)
    this.#count = 0
    this.#named.length = 0
  }
}
