import { rm } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { unpackInto } from '../../../content/archive/unpack.ts'
import { matchFiles } from '../../../content/glob.ts'
import { HANDED_OVER_FOLDER, HandedOver, MOST_HANDED_OVER_BYTES } from '../../../contracts/workflow/handed-over.ts'
import { linksOf } from '../left-out-links.ts'
import { type AnyOperation, type OperationEnd, PASSED } from '../operation.ts'
import { keepArchive, keepFiles, notKept } from './keep-artifacts.ts'

const ALL = { include: ['**/*'], exclude: [] }

/** Keeps what a command has left for it (`everwarm-toolkit artifacts`), as the field `artifacts` would. Never rejects. */
export async function keepHandedOver(context: AnyOperation): Promise<OperationEnd> {
  const { files } = context.unit.site
  let end = PASSED
  try {
    const notes = await files.readSmall(HANDED_OVER_FOLDER, MOST_HANDED_OVER_BYTES)
    const names = Object.keys(notes).filter((name) => name.endsWith('.json'))
    if (names.length === 0) return end
    for (const name of names.toSorted()) {
      const one = await keepOne(context, name.slice(0, -'.json'.length), readNote(notes[name]!))
      if (end === PASSED) end = one
    }
    await files.empty(HANDED_OVER_FOLDER)
    return end
  } catch (error) {
    return notKept('What the command has handed over could not be kept', error)
  }
}

/** Anybody in the site may write one: what it does not say is not so. */
function readNote(bytes: Buffer): HandedOver {
  try {
    return HandedOver.parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    // Its files are there all the same.
    return {}
  }
}

async function keepOne(context: AnyOperation, id: string, { compress }: HandedOver): Promise<OperationEnd> {
  const { unit } = context
  const folder = await unit.engine.scratch.newFolder('handed-over')
  const links = linksOf(context)
  try {
    await unpackInto(folder, await unit.site.files.pack(`${HANDED_OVER_FOLDER}/${id}`, ALL, links.hear))
    links.tell(HANDED_OVER_FOLDER)
    const paths = await matchFiles(ALL, folder, { hidden: true })
    const found = paths.map((path) => ({ path, name: relative(folder, path).replaceAll(sep, '/') }))
    return await (compress === undefined ? keepFiles(context, found) : keepArchive(context, compress, found))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
