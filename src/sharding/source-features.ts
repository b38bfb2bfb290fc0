import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Features, featuresOf } from './size-model.ts'

/** Reads sizes and imports from the disk, each file once; undefined for one that is not there. */
export function sourceFeatures(root: string): (file: string) => Features | undefined {
  const known = new Map<string, Features | undefined>()
  return (file) => {
    if (!known.has(file)) known.set(file, read(join(root, file)))
    return known.get(file)
  }
}

function read(path: string): Features | undefined {
  try {
    return featuresOf(readFileSync(path, 'utf8'))
  } catch {
    // Gone, or no file: the estimate has another way then.
    return undefined
  }
}
