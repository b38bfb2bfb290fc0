import { isAbsolute, join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'

/**
 * The path of a name in a folder.
 * @param name relative, with `/`
 * @throws EverwarmError BAD_INPUT if it would leave the folder, or is the folder itself
 */
export function insideFolder(folder: string, name: string): string {
  const parts = name.split('/')
  const isInside =
    !isAbsolute(name) && parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part))
  if (isInside) return join(folder, ...parts)
  throw new EverwarmError('BAD_INPUT', {
    message: `"${name.slice(0, 200)}" is no name in a folder.`,
    hint: 'Names are relative and have no "..".',
  })
}
