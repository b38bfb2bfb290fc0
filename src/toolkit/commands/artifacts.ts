import { constants, createReadStream, createWriteStream } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { collectArtifacts, type CollectedFile } from '../../content/artifacts/collect.ts'
import { archiveName, compressArtifacts } from '../../content/artifacts/compress.ts'
import { contentKind } from '../../content/artifacts/content-type.ts'
import { mayBeReport, readReport } from '../../content/artifacts/reports/read-report.ts'
import { matchFiles } from '../../content/glob.ts'
import { errorFromData, EverwarmError } from '../../contracts/errors.ts'
import type { ArtifactKeeper } from '../../workflow/engine/engine-types.ts'
import { flagOf, listOf, textOf, type ToolkitGiven } from '../command.ts'
import { folderAround, notKept, openArtifactPlace, prefixed } from '../artifact-place.ts'
import { handOver } from '../hand-over.ts'
import { placeOf } from '../places.ts'
import { readConfig } from '../toolkit-config.ts'
import { untilSignal } from '../../system/stop-signals.ts'

interface Keeping {
  given: ToolkitGiven
  keeper: ArtifactKeeper
  /** Before all names. */
  prefix: string
  /** Nothing more is begun. */
  signal: AbortSignal
}

export async function artifacts(given: ToolkitGiven): Promise<number> {
  const mounts = listOf(given, 'mount')
  const { files } = await collectArtifacts({
    patterns: given.positionals,
    workingDir: given.cwd,
    roots: mounts.length > 0 ? mounts : [given.cwd, '/data'],
    place: (path) => placeOf(path, given),
    glob: (patterns) => matchFiles(patterns, given.cwd),
  })
  const readable = (await Promise.all(files.map((file) => isReadable(file, given)))).flatMap((file) => file ?? [])
  if (readable.length === 0) {
    given.print(`No file matches ${given.positionals.join(', ')}; nothing is kept.`)
    return 0
  }
  const { artifacts: config } = readConfig(given.env)
  const around = folderAround(config, given.env)
  if (around !== undefined) return keepByStep(given, around, prefixed(config.prefix), readable)
  const place = await openArtifactPlace(given)
  return untilSignal(async (signal) => {
    const keeping: Keeping = { given, keeper: place.keeper, prefix: place.prefix, signal }
    const name = textOf(given, 'compress')
    const failed = name === undefined ? await keepEach(keeping, readable) : await keepArchive(keeping, name, readable)
    for (const file of readable) await tellReport(given, file)
    place.end(failed.length > 0 ? 1 : 0)
    signal.throwIfAborted()
    if (failed.length > 0) throw notKept(failed, readable.length)
    return 0
  })
}

/** In a step they become artifacts of it, by the engine around. */
async function keepByStep(given: ToolkitGiven, folder: string, prefix: string, files: readonly CollectedFile[]): Promise<number> {
  const archive = textOf(given, 'compress')
  const named = archive === undefined ? files.map(({ path, name }) => ({ path, name: `${prefix}${name}` })) : files
  const about = archive === undefined ? {} : { compress: `${prefix}${archive}` }
  const failed = await handOver(folder, named, about, given.env)
  for (const error of failed.slice(1)) given.print(`warning: ${errorFromData(error).message}`)
  for (const file of files) await tellReport(given, file)
  if (failed.length > 0) throw notKept(failed, files.length)
  const many = `${files.length} ${files.length === 1 ? 'file' : 'files'}`
  given.print(`${many}: kept as artifacts of this step when its command has ended.`)
  return 0
}

async function isReadable(file: CollectedFile, { print }: ToolkitGiven): Promise<CollectedFile | undefined> {
  try {
    await access(file.path, constants.R_OK)
    return file
  } catch (error) {
    print(`warning: ${file.name} cannot be read (${(error as NodeJS.ErrnoException).code}); it is left out.`)
    return undefined
  }
}

/** Each by itself. @returns what went wrong, when all have been tried */
async function keepEach({ given, keeper, prefix, signal }: Keeping, files: readonly CollectedFile[]): Promise<unknown[]> {
  const kept = files.map(async ({ path, name }) => {
    const { type, encoding } = contentKind(name)
    const about = { bytes: (await stat(path)).size, contentType: type, ...(encoding ? { gzip: true } : {}) }
    const content = async () => {
      signal.throwIfAborted()
      return createReadStream(path)
    }
    await keeper.put(`${prefix}${name}`, content, about)
    given.print(`${prefix}${name}: ${about.bytes} bytes`)
  })
  const failed = (await Promise.allSettled(kept)).flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  for (const error of failed.slice(1)) given.print(`warning: ${errorFromData(error).message}`)
  return failed
}

async function keepArchive(
  { given, keeper, prefix }: Keeping,
  asked: string,
  files: readonly CollectedFile[],
): Promise<unknown[]> {
  const name = `${prefix}${archiveName(asked)}`
  const cache = textOf(given, 'compress-cache')
  if (flagOf(given, 'unpack')) given.print('warning: --unpack: the store keeps the archive as it is.')
  try {
    const at = cache === undefined ? undefined : placeOf(cache, given)
    if (at !== undefined) await writeCache(at, files)
    const content = async () => (at === undefined ? compressArtifacts(files) : createReadStream(at))
    await keeper.put(name, content, { contentType: 'application/gzip' })
    given.print(`${name}: ${files.length} ${files.length === 1 ? 'file' : 'files'}`)
    return []
  } catch (error) {
    return [error]
  }
}

async function writeCache(at: string, files: readonly CollectedFile[]): Promise<void> {
  try {
    await pipeline(compressArtifacts(files), createWriteStream(at, { mode: 0o600 }))
  } catch (cause) {
    if (cause instanceof EverwarmError) throw cause
    throw new EverwarmError('FILE_NOT_WRITTEN', {
      message: `--compress-cache: ${at} cannot be written (${(cause as NodeJS.ErrnoException).code}).`,
      hint: 'See whether its folder is there, and who may write in it.',
      cause,
    })
  }
}

/** What a test tool says in it; a report that cannot be read is a warning. */
async function tellReport({ print }: ToolkitGiven, { path, name }: CollectedFile): Promise<void> {
  try {
    if (!mayBeReport(name, (await stat(path)).size)) return
    const report = readReport(name, await readFile(path))
    if (!report) return
    const { metrics = {}, ...numbers } = report.summary
    const words = Object.entries({ ...numbers, ...metrics }).map(([what, number]) => `${what} ${number}`)
    print(`${name} (${report.kind}): ${words.slice(0, 10).join(', ')}`)
  } catch (error) {
    print(`warning: the report ${name} cannot be read: ${(error as Error).message}`)
  }
}
