import { EverwarmError } from '../contracts/errors.ts'

/** @throws EverwarmError PACKAGE_MISSING */
export async function needYaml(): Promise<typeof import('./yaml.ts')> {
  try {
    return await import('./yaml.ts')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'Workflows need yaml, which is not installed.',
      hint: 'Run `npm install --save-dev yaml`.',
      cause,
    })
  }
}
