import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { packTar, type TarHeader } from 'modern-tar'
import { onTestFinished } from 'vitest'

/** A folder of this test alone. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'everwarm-content-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Path → content; `{ link }`; `null`: an empty folder. A path with `*` at its end may be executed. */
export type Tree = Record<string, string | { link: string } | null>

export function plant(folder: string, tree: Tree): string {
  for (const [name, content] of Object.entries(tree)) {
    const path = join(folder, name.replace(/\*$/, ''))
    mkdirSync(content === null ? path : dirname(path), { recursive: true })
    if (typeof content === 'string') writeFileSync(path, content)
    else if (content) symlinkSync(content.link, path)
    if (name.endsWith('*')) chmodSync(path, 0o755)
  }
  return folder
}

/** What is in a folder, as `plant` would take it; folders only where they are empty. */
export function harvest(folder: string, prefix = ''): Tree {
  const tree: Tree = {}
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    const found = lstatSync(path)
    if (found.isSymbolicLink()) tree[prefix + name] = { link: readlinkSync(path) }
    else if (!found.isDirectory()) tree[`${prefix}${name}${found.mode & 0o100 ? '*' : ''}`] = readFileSync(path, 'utf8')
    else {
      const inside = harvest(path, `${prefix}${name}/`)
      Object.assign(tree, Object.keys(inside).length > 0 ? inside : { [prefix + name]: null })
    }
  }
  return tree
}

export type Entry = Partial<TarHeader> & { name: string; text?: string }

/** A tar of just these entries, whatever they are. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const bytes = await packTar(
    entries.map(({ text = '', ...header }) => ({
      header: { size: Buffer.byteLength(text), type: 'file' as const, ...header },
      body: text,
    })),
  )
  return Buffer.from(bytes)
}

/** As it comes by a connection. */
export const streamOf = (bytes: Uint8Array, chunkBytes = 1_000): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield Buffer.from(bytes.subarray(at, at + chunkBytes))
    })(),
  )

export const bytesOf = (stream: Readable): Promise<Buffer> => buffer(stream)
