import type { HostName } from '../../sharding/list-files.ts'
import { relocateReport } from '../../worker/shards/playwright/relocate.ts'
import { relocateBlob } from '../../worker/shards/vitest/blob.ts'

/**
 * A report that was written in a worker's checkout, as if it had been written in this one. Playwright's reports name
 * tests from the test folder, and yet the worker's in their errors and stacks.
 * @param path of the test from the project's folder, as the report's file ends
 */
export function adoptReport(host: HostName, bytes: Uint8Array, path: string, root: string): Uint8Array {
  if (host !== 'vitest') return relocateReport(bytes, root)
  const from = rootIn(bytes, path)
  return from === undefined || from === root ? bytes : relocateBlob(bytes, from, root)
}

/** The project's folder on the worker: what stands before the test's path where the report names its file. */
function rootIn(bytes: Uint8Array, path: string): string | undefined {
  const values = JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown
  if (!Array.isArray(values)) return undefined
  const ending = `/${path}`
  const file = values.find((value): value is string => typeof value === 'string' && isAbsolute(value) && value.endsWith(ending))
  return file?.slice(0, -ending.length)
}

const isAbsolute = (path: string) => path.startsWith('/') || /^[A-Za-z]:[/\\]/.test(path)
