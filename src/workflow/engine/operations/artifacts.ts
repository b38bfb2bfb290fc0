import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { unpackInto } from '../../../content/archive/unpack.ts'
import { collectArtifacts, type CollectedFile } from '../../../content/artifacts/collect.ts'
import { escapeGlob } from '../../../content/glob.ts'
import { linksOf } from '../left-out-links.ts'
import { type OperationContext, type OperationEnd, PASSED } from '../operation.ts'
import { resolved } from '../resolved.ts'
import { WORKING_FOLDER } from '../unit-scopes.ts'
import { keepArchive, keepFiles } from './keep-artifacts.ts'

type Context = OperationContext<'artifacts'>

/** Files of the site that are kept, and what test tools say in them. Fails after all others were tried. */
export async function runArtifacts(context: Context): Promise<OperationEnd> {
  const { unit, node } = context
  const { files } = unit.site
  const {
    paths,
    workingDir = node.container.workingDir ?? WORKING_FOLDER,
    compress,
  } = await resolved(context, {
    workingDir: node.container.workingDir,
    ...node.operation.artifacts,
  })
  const mounts = (node.container.volumeMounts ?? []).flatMap(({ mountPath }) =>
    typeof mountPath === 'string' ? [mountPath] : [],
  )
  const { root, files: found } = await collectArtifacts({
    patterns: paths,
    workingDir: files.path(workingDir),
    roots: ['/data', ...mounts],
    place: (path) => files.path(path),
    glob: (patterns) => files.glob(patterns, context.signal),
  })
  if (found.length === 0) {
    const quoted = paths.map((pattern) => `"${pattern}"`).join(', ')
    // No code of an error: the step has passed.
    unit.engine.warn(unit.options.path, node.ref, 'NOTHING_KEPT', `No file matches ${quoted}; nothing is kept.`)
    return PASSED
  }
  return brought(context, root, found, (here) =>
    compress ? keepArchive(context, compress.name, here) : keepFiles(context, here),
  )
}

/** With copies of the files on this machine, as long as `act` takes. */
async function brought(
  { unit, node }: Context,
  root: string,
  found: readonly CollectedFile[],
  act: (here: CollectedFile[]) => Promise<OperationEnd>,
): Promise<OperationEnd> {
  const folder = await unit.engine.scratch.newFolder('artifacts')
  try {
    const include = found.map(({ name }) => escapeGlob(name))
    const links = linksOf({ unit, node })
    await unpackInto(folder, await unit.site.files.pack(root, { include, exclude: [] }, links.hear))
    links.tell(root)
    return await act(found.map(({ name }) => ({ name, path: resolve(folder, name) })))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
