import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContentFile, Git, Tarball } from '../../../contracts/workflow/content.ts'
import type { Hear, SiteFiles } from '../../../executors/executor.ts'
import { packFolder } from '../../../content/archive/pack.ts'
import { cloneRepository } from '../../../content/clone.ts'
import { downloadTarball } from '../../../content/download.ts'
import { durationMs } from '../../duration.ts'
import { inField } from '../../expressions/expression-error.ts'
import { without } from '../../merge.ts'
import type { Engine } from '../engine.ts'
import { type OperationContext, type OperationEnd, PASSED } from '../operation.ts'
import { resolved } from '../resolved.ts'
import { referredValue } from '../environment.ts'
import { LeftOutLinks } from '../left-out-links.ts'
import { isOffered, openOffer } from '../offers.ts'

const ALL = { include: ['**/*'], exclude: [] }

export async function writeContent(context: OperationContext<'files'>): Promise<OperationEnd> {
  const { unit, node } = context
  await putFiles(await resolved(context, node.operation.files), unit.site.files, unit.engine)
  return PASSED
}

export async function cloneContent(context: OperationContext<'git'>): Promise<OperationEnd> {
  const { unit, node, signal } = context
  const { hear, end } = unit.log.hear(node.ref)
  await putRepository(await resolved(context, node.operation.git), unit.site.files, unit.engine, signal, hear).finally(end)
  return PASSED
}

export async function unpackTarballs(context: OperationContext<'tarballs'>): Promise<OperationEnd> {
  const { unit, node, signal } = context
  await putTarballs(await resolved(context, node.operation.tarballs), unit.site.files, unit.engine, signal)
  return PASSED
}

/** Texts in them are resolved. */
export async function putFiles(list: readonly ContentFile[], files: SiteFiles, engine: Engine): Promise<void> {
  for (const [i, { path, content, contentFrom, mode }] of list.entries()) {
    const given = () => (contentFrom ? referredValue(contentFrom, engine) : (content ?? ''))
    const text = inField(`[${i}].contentFrom`, given)
    await files.writeFile(path, Buffer.from(text, 'utf8'), mode)
  }
}

/** Cloned here, so that no image needs git and no container sees a token, then put there as files. */
export async function putRepository(git: Git, files: SiteFiles, engine: Engine, signal: AbortSignal, hear?: Hear): Promise<void> {
  const folder = await engine.scratch.newFolder('clone')
  try {
    const { usernameFrom, tokenFrom, sshKeyFrom, retry, mountPath = '/data/repo', ...plain } = git
    const from = (reference: typeof tokenFrom, field: string) =>
      reference && inField(field, () => referredValue(reference, engine))
    for (const secret of [plain.token, plain.sshKey]) if (secret) engine.masks.add(secret)
    const to = join(folder, 'repository')
    await cloneRepository(
      {
        ...plain,
        username: plain.username ?? from(usernameFrom, 'usernameFrom'),
        token: plain.token ?? from(tokenFrom, 'tokenFrom'),
        sshKey: plain.sshKey ?? from(sshKeyFrom, 'sshKeyFrom'),
      },
      {
        to,
        scratch: engine.scratch.folder,
        groups: engine.scratch.groups,
        retry: without({
          count: retry?.count === undefined ? undefined : Number(retry.count),
          delayMs: retry?.delay === undefined ? undefined : inField('retry.delay', () => durationMs(retry.delay!)),
        }),
        ...(hear ? { hear: (text) => void hear('stderr', Buffer.from(text)) } : {}),
        clock: engine.clock,
        signal,
      },
    )
    const links = new LeftOutLinks(engine.warn)
    await files.unpack(mountPath, await packFolder(to, ALL, { hidden: true, onLinkOutside: links.hear }))
    links.tell('the repository')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function putTarballs(
  list: readonly Tarball[],
  files: SiteFiles,
  engine: Engine,
  signal: AbortSignal,
): Promise<void> {
  for (const { url, path } of list) {
    if (isOffered(url)) await files.unpack(path, openOffer(engine, url))
    else await putDownload(url, path, files, engine, signal)
  }
}

/** Fetched and checked here first: half an archive never gets there. */
async function putDownload(url: string, path: string, files: SiteFiles, engine: Engine, signal: AbortSignal): Promise<void> {
  const folder = await engine.scratch.newFolder('download')
  try {
    await downloadTarball(url, folder, { scratch: engine.scratch.folder, clock: engine.clock, signal })
    await files.unpack(path, await packFolder(folder, ALL, { hidden: true }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
