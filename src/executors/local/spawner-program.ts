import { spawnInto } from './spawn-here.ts'
import type { FromSpawner, SpawnFrame, ToSpawner } from './spawner-wire.ts'

// Begins processes for an engine: a small process forks several times faster than a large one.
const send = (frame: FromSpawner) => void (process.connected && process.send!(frame, () => {}))
let base: Readonly<Record<string, string>> = {}

process.on('message', (frame: ToSpawner) => {
  if ('base' in frame) base = frame.base
  else begin(frame)
})
// The engine is gone; what runs for it is ended by its reaper.
process.on('disconnect', () => process.exit())
send({ ready: true })

function begin({ id, pipes, ...request }: SpawnFrame): void {
  const fail = (error: NodeJS.ErrnoException) => send({ id, failed: error.code ?? String(error) })
  try {
    const child = spawnInto({ ...request, env: { ...base, ...request.env } }, pipes)
    child.once('exit', (exitCode, signal) => send({ id, exitCode, signal }))
    child.on('error', fail)
    if (child.pid !== undefined) send({ id, pid: child.pid })
  } catch (error) {
    fail(error as NodeJS.ErrnoException)
  }
}
