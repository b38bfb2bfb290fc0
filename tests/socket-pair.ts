import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Both ends of one connection over a unix socket. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const folder = mkdtempSync(join(tmpdir(), 'ew-pair-'))
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve))
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const near = connect(join(folder, 's'))
  const far = await accepted
  server.close()
  rmSync(folder, { recursive: true })
  return [near, far]
}
