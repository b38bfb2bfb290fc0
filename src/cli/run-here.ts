import { constants } from 'node:os'
import type { FrontRequest } from '../contracts/front-door.ts'
import { createBinaries } from '../environments/inside/wasm/binaries.ts'
import { runRequest } from '../environments/inside/wasm/run-request.ts'
import { createThreads } from '../environments/inside/wasm/threads.ts'
import { become } from '../pool/daemon/front-client.ts'
import { runCommand } from '../pool/daemon/run-command.ts'
import { thisMachine } from '../system/machine.ts'

/** Does in this process what a warm host would do: nothing stays, and every call compiles anew. */
export async function runHere(request: FrontRequest): Promise<number> {
  const answer = await runCommand(request)
  if (answer.do === 'exec') return become(answer.program)
  if (answer.do === 'print') return write(1, Buffer.from(answer.text)).then(() => 0)
  if (answer.do === 'fail') return write(2, Buffer.from(answer.text)).then(() => answer.code)
  const stopped = new AbortController()
  let signal: keyof typeof constants.signals = 'SIGTERM'
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => {
      signal = name
      stopped.abort()
    })
  const size = thisMachine().cpus
  const place = { binaries: createBinaries({ maxBytes: 0 }), threads: createThreads({ size, most: size, patienceMs: 1_000 }) }
  const code = await runRequest(request, place, { signal: stopped.signal, out: write, wantInput })
  // The threads would keep it alive.
  return process.exit(code ?? 128 + constants.signals[signal])
}

function write(fd: 1 | 2, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => (fd === 1 ? process.stdout : process.stderr).write(bytes, () => resolve()))
}

function wantInput(give: (bytes: Uint8Array) => void): void {
  process.stdin.on('data', (chunk: Buffer) => give(Uint8Array.from(chunk)))
  process.stdin.on('end', () => give(new Uint8Array(0)))
}
