import { resolve } from 'node:path'
import type { Env } from '../system/settings.ts'
import type { ArtifactStore } from './artifact-store.ts'
import { openDiskStore } from './disk.ts'
import type { DiskStore } from './disk.ts'

/**
 * `s3://bucket/prefix`, or a folder.
 * @throws EverwarmError CONFIG_INVALID, STORE_UNREACHABLE, STORE_FULL, PACKAGE_MISSING
 */
export async function openArtifactStore(location: string, env: Env): Promise<ArtifactStore | DiskStore> {
  if (!location.startsWith('s3:')) return openDiskStore(resolve(location))
  // Only who keeps artifacts in S3 pays for it.
  const [{ openS3Store }, { readS3Options }] = await Promise.all([import('./s3.ts'), import('./s3-options.ts')])
  return openS3Store(readS3Options(location, env))
}
