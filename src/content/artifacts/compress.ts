import type { Readable } from 'node:stream'
import { packFiles } from '../archive/pack.ts'
import type { CollectedFile } from './collect.ts'

/** `x.tar` → `x.tar.gz`; `.tgz` and `.tar.gz` stay; all else gets `.tar.gz`. */
export function archiveName(name: string): string {
  if (/\.(tgz|tar\.gz)$/i.test(name)) return name
  return /\.tar$/i.test(name) ? `${name}.gz` : `${name}.tar.gz`
}

/**
 * All files of this machine as one gzipped tar, links as what they lead to: what they lead to need not be in it.
 * @throws (while it is read) EverwarmError FILE_NOT_READ
 */
export const compressArtifacts = (files: readonly CollectedFile[]): Readable => packFiles(files)
