import { connect, type Socket } from 'node:net'
import { spawnProcess } from '../../system/spawn.ts'
import { type FromSpawner, headOf, type SpawnFrame, type ToSpawner } from './spawner-wire.ts'

// Begins processes for an engine: a small process forks several times faster than a large one. Its argument: the engine's socket.
const [socketPath = ''] = process.argv.slice(2)
const send = (frame: FromSpawner) => void (process.connected && process.send!(frame, () => {}))
let base: Readonly<Record<string, string>> = {}

process.on('message', (frame: ToSpawner) => {
  if ('base' in frame) base = frame.base
  else void begin(frame)
})
// The engine is gone; what runs for it is ended by its reaper.
process.on('disconnect', () => process.exit())
send({ ready: true })

async function begin({ id, program, args, env, cwd }: SpawnFrame): Promise<void> {
  const streams: Socket[] = []
  const fail = (error: NodeJS.ErrnoException) => send({ id, failed: error.code ?? String(error) })
  try {
    streams.push(...(await Promise.all([dial(headOf('o', id)), dial(headOf('e', id))])))
    const [out, err] = streams
    const stdio = ['ignore' as const, out!, err!]
    const child = spawnProcess(program, args, { cwd, env: { ...base, ...env }, detached: true, stdio })
    child.once('exit', (exitCode, signal) => send({ id, exitCode, signal }))
    child.on('error', fail)
    if (child.pid !== undefined) send({ id, pid: child.pid })
  } catch (error) {
    fail(error as NodeJS.ErrnoException)
  } finally {
    // The child has its own.
    for (const stream of streams) stream.destroy()
  }
}

/** Connected, and its head sent. */
function dial(head: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket: Socket = connect(socketPath, () => socket.write(head, () => resolve(socket)))
  socket.on('error', reject)
  return promise
}
