import { EverwarmError } from '../../../contracts/errors.ts'

/**
 * What Vitest's own package of a provider exports.
 * @param packages all that have to be installed for it
 * @throws EverwarmError PACKAGE_MISSING
 */
export async function official<T>(load: () => Promise<T>, packages: readonly string[]): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: `The package ${packages[0]} cannot be loaded, on which this provider of browser mode is built.`,
      hint: `Install it: \`npm i -D ${packages.join(' ')}\`.`,
      cause,
    })
  }
}
