import { posix } from 'node:path'
import { EverwarmError } from '../../../contracts/errors.ts'
import { splitPatterns } from '../../../content/glob.ts'
import type { FileMove } from '../transfers.ts'

/** Who has brought which file, so that two who bring the same are told: the last one stays. */
export class FetchedFiles {
  readonly #by = new Map<string, number>()

  /** @returns a fault for each file that another worker has brought before; its message begins with the name of the file */
  async note(index: number, { from, folder, patterns = ['**/*'], to, toFolder }: FileMove): Promise<EverwarmError[]> {
    const root = from.path(folder)
    const { include, exclude } = splitPatterns(patterns)
    const below = (list: readonly string[]) => list.map((pattern) => posix.join(root, pattern))
    const files = await from.glob({ include: below(include), exclude: below(exclude) })
    return files.flatMap((file) => {
      const name = posix.relative(root, file)
      const target = posix.join(to.path(toFolder), name)
      const other = this.#by.get(target)
      this.#by.set(target, index)
      return other === undefined || other === index ? [] : [sameFile(posix.join(toFolder, name), other)]
    })
  }
}

const sameFile = (file: string, other: number) =>
  new EverwarmError('TRANSFER_FAILED', { message: `${file}: worker ${other} has brought it, too; the last one stays.` })
