import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import type { CollectedFile } from '../../../content/artifacts/collect.ts'
import { archiveName, compressArtifacts } from '../../../content/artifacts/compress.ts'
import { contentKind } from '../../../content/artifacts/content-type.ts'
import { mayBeReport, readReport } from '../../../content/artifacts/reports/read-report.ts'
import { errorFromData } from '../../../contracts/errors.ts'
import { type AnyOperation, type OperationEnd, PASSED } from '../operation.ts'

/** Each by itself; one that cannot be read is a warning, one that cannot be kept fails the step when all were tried. */
export async function keepFiles(context: AnyOperation, files: readonly CollectedFile[]): Promise<OperationEnd> {
  const failed = (await Promise.all(files.map((file) => keepFile(context, file)))).filter((error) => error !== undefined)
  return failed.length === 0 ? PASSED : notKept(`${failed.length} of ${files.length} files could not be kept`, failed[0])
}

export async function keepArchive(context: AnyOperation, given: string, files: readonly CollectedFile[]): Promise<OperationEnd> {
  const { unit, node } = context
  const name = `${unit.options.artifactPrefix}${archiveName(given)}`
  const read = await Promise.all(files.map((file) => sizeOf(context, file)))
  const there = files.filter((_, i) => read[i] !== undefined)
  try {
    await unit.engine.artifacts.put(name, async () => compressArtifacts(there), { contentType: 'application/gzip' })
  } catch (error) {
    return notKept(`The archive ${name} could not be kept`, error)
  }
  const bytes = read.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  unit.engine.tell({ type: 'artifact', unit: unit.options.path, ref: node.ref, path: name, bytes, isCompressed: true })
  await Promise.all(there.map((file, i) => tellReport(context, file, read[i] ?? 0)))
  return PASSED
}

/** @returns what went wrong while it was kept */
async function keepFile(context: AnyOperation, file: CollectedFile): Promise<unknown> {
  const { unit, node } = context
  const { engine, options } = unit
  const bytes = await sizeOf(context, file)
  if (bytes === undefined) return undefined
  const path = `${options.artifactPrefix}${file.name}`
  const { type, encoding } = contentKind(file.name)
  try {
    const about = { bytes, contentType: type, ...(encoding ? { gzip: true } : {}) }
    await engine.artifacts.put(path, async () => createReadStream(file.path), about)
  } catch (error) {
    engine.warn(options.path, node.ref, errorFromData(error).code, `The artifact ${path}: ${(error as Error).message}`)
    return error
  }
  engine.tell({ type: 'artifact', unit: options.path, ref: node.ref, path, bytes })
  await tellReport(context, file, bytes)
  return undefined
}

async function sizeOf({ unit, node }: AnyOperation, { path, name }: CollectedFile): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch {
    // Mostly a link to something that is not among the files.
    unit.engine.warn(unit.options.path, node.ref, 'FILE_NOT_READ', `The artifact ${name} cannot be read; it is left out.`)
    return undefined
  }
}

async function tellReport({ unit, node }: AnyOperation, { path, name }: CollectedFile, bytes: number): Promise<void> {
  if (!mayBeReport(name, bytes)) return
  try {
    const report = readReport(name, await readFile(path))
    if (report) unit.engine.tell({ type: 'report', unit: unit.options.path, ref: node.ref, path: name, ...report })
  } catch (error) {
    unit.engine.warn(
      unit.options.path,
      node.ref,
      'FILE_NOT_READ',
      `The report ${name} cannot be read: ${(error as Error).message}`,
    )
  }
}

export function notKept(what: string, cause: unknown): OperationEnd {
  const { code, message, hint } = errorFromData(cause)
  const own = code === 'STORE_FULL' ? code : 'ARTIFACTS_FAILED'
  return { exitCode: 1, error: { code: own, message: `${what}: ${message}`, ...(hint ? { hint } : {}) } }
}
