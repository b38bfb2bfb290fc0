import { type FileHandle, lstat, open, readlink } from 'node:fs/promises'

const CHUNK_BYTES = 256 * 1024

/** Whether two files have the same bytes, or two links the same target; false if one is gone. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => lstat(path).catch(() => undefined)))
  if (a?.isSymbolicLink() && b?.isSymbolicLink()) return (await readlink(one)) === (await readlink(other))
  if (!a?.isFile() || !b?.isFile() || a.size !== b.size) return false
  const files = await Promise.all([open(one), open(other)])
  try {
    return await haveSameBytes(files[0], files[1])
  } finally {
    await Promise.all(files.map((file) => file.close()))
  }
}

async function haveSameBytes(one: FileHandle, other: FileHandle): Promise<boolean> {
  const buffers = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)] as const
  for (let at = 0; ; at += CHUNK_BYTES) {
    const [a, b] = await Promise.all([one.read(buffers[0], 0, CHUNK_BYTES, at), other.read(buffers[1], 0, CHUNK_BYTES, at)])
    if (a.bytesRead !== b.bytesRead) return false
    if (!buffers[0].subarray(0, a.bytesRead).equals(buffers[1].subarray(0, b.bytesRead))) return false
    if (a.bytesRead < CHUNK_BYTES) return true
  }
}
