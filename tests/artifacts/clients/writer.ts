import { openDiskStore } from '../../../src/artifacts/disk.ts'

/** Writes half of a file, says so, and waits to be killed. */
const [, , folder, sha256] = process.argv

async function* half(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(500_000, 'x')
  yield Buffer.alloc(1, 'x')
  process.stdout.write('half\n')
  yield await new Promise<never>(() => setInterval(() => {}, 1_000))
}

await openDiskStore(folder!).put(sha256!, 1_000_000, half())
