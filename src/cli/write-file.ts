import { writeFileSync } from 'node:fs'
import { EverwarmError } from '../contracts/errors.ts'

/** @param option that named the file, for the hint. @throws EverwarmError BAD_INPUT */
export function writeFile(path: string, text: string, option: string): void {
  try {
    writeFileSync(path, text)
  } catch (cause) {
    throw new EverwarmError('BAD_INPUT', {
      message: `${path} cannot be written (${(cause as NodeJS.ErrnoException).code}).`,
      hint: `Give ${option} a file in a folder that is there.`,
      cause,
    })
  }
}
