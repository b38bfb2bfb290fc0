import { renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ErrorData } from '../../contracts/errors.ts'
import { isDiskFull } from '../../system/disk-full.ts'
import { writeAtomically } from '../../system/files.ts'
import type { ExecutionFolder } from './execution-folder.ts'
import { readJson, RESERVE, RESULT } from './folder-files.ts'

/** `result.json`: absent as long as it runs, and for ever if its process was killed. */
export interface ExecutionResult {
  status: string
  exitCode: number
  /** ISO 8601 */
  endedAt: string
  error?: ErrorData
}

const RESERVE_BYTES = 4_096

/** Before anything is known of the end. */
export const reserveResult = (folder: string): void =>
  writeFileSync(join(folder, RESERVE), ' '.repeat(RESERVE_BYTES), { mode: 0o600 })

/** undefined: it has none, or none yet. */
export const readResult = ({ about, entry }: ExecutionFolder) =>
  readJson<ExecutionResult>(join(about.folder, RESULT)) ?? readJson<ExecutionResult>(join(entry, RESULT))

/** Also where the disk is full by now. */
export function writeResult({ about, entry }: ExecutionFolder, result: ExecutionResult): void {
  const text = `${JSON.stringify(result, null, 2)}\n`
  writeReserved(about.folder, text)
  // Who takes the files of `--output` elsewhere still sees how it ended.
  if (entry !== about.folder) writeAtomically(join(entry, RESULT), text)
}

function writeReserved(folder: string, text: string): void {
  const [path, reserve] = [join(folder, RESULT), join(folder, RESERVE)]
  try {
    writeAtomically(path, text)
    rmSync(reserve, { force: true })
  } catch (error) {
    if (!isDiskFull(error) || Buffer.byteLength(text) > RESERVE_BYTES) throw error
    writeFileSync(reserve, text, { flag: 'r+' })
    truncateSync(reserve, Buffer.byteLength(text))
    renameSync(reserve, path)
  }
}
