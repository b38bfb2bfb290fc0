import { EverwarmError } from '../../contracts/errors.ts'
import { splitPatterns } from '../../content/glob.ts'
import type { SiteFiles } from '../../executors/executor.ts'
import type { Engine } from './engine.ts'
import { linkAgain, withoutInstalled } from './installed-links.ts'
import type { LeftOutLinks } from './left-out-links.ts'
import { offer, openOffer } from './offers.ts'

export interface FileMove {
  from: SiteFiles
  folder: string
  patterns?: readonly string[]
  to: SiteFiles
  toFolder: string
  /** Those that stay behind. */
  links: LeftOutLinks
}

const EVERYTHING = ['**/*']

/** From one site to another. @throws EverwarmError TRANSFER_FAILED naming the folders */
export async function moveFiles({ from, folder, patterns = EVERYTHING, to, toFolder, links }: FileMove): Promise<void> {
  try {
    await to.unpack(toFolder, await packed(from, folder, patterns, links))
    links.tell(folder)
    await linkAgain(from, folder, splitPatterns(patterns), to, toFolder)
  } catch (error) {
    throw failed(folder, toFolder, error)
  }
}

/** What many workers get is packed once. */
export class SharedArchives {
  readonly #engine: Engine
  readonly #packed = new Map<string, Promise<string>>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  async give({ from, folder, patterns = EVERYTHING, to, toFolder, links }: FileMove): Promise<void> {
    const key = JSON.stringify([folder, patterns])
    try {
      let address = this.#packed.get(key)
      if (!address) {
        address = packed(from, folder, patterns, links).then((archive) => offer(this.#engine, archive))
        this.#packed.set(key, address)
        await address
        links.tell(folder)
      }
      await to.unpack(toFolder, openOffer(this.#engine, await address))
      await linkAgain(from, folder, splitPatterns(patterns), to, toFolder)
    } catch (error) {
      throw failed(folder, toFolder, error)
    }
  }
}

const packed = async (from: SiteFiles, folder: string, patterns: readonly string[], { hear }: LeftOutLinks) =>
  from.pack(folder, await withoutInstalled(from, folder, splitPatterns(patterns)), hear)

function failed(folder: string, toFolder: string, cause: unknown): EverwarmError {
  const { message, hint } = cause as EverwarmError
  return new EverwarmError('TRANSFER_FAILED', {
    message: `The files of ${folder} could not be brought to ${toFolder}: ${message}`,
    hint: hint ?? 'Look whether the folder is there, and whether there is room for it.',
    cause,
  })
}
