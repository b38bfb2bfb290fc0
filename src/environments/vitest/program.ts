// A prepared Vitest: started by the daemon, never by hand. It loads Vitest and the project's configuration, waits, and
// serves one run to the one who holds its lease; then it ends.
import { dirname, join } from 'node:path'
import type { FrontRequest } from '../../contracts/front-door.ts'
import type { DaemonToHost, HostToDaemon } from '../../contracts/host-wire.ts'
import { watchFootprint } from './footprint.ts'
import { type Holder, listenForHolder } from './holder.ts'
import { announceResident } from './announce.ts'
import { prepareVitest } from './prepared.ts'
import { standInTerminal } from './terminal.ts'

type Boot = Extract<DaemonToHost, { kind: 'boot-resident' }>

// Code of the project must not meet the daemon's channel, nor be held by it.
const { send, channel } = process
const post = send!.bind(process)
delete process.send
const tell = (message: HostToDaemon) => void (process.connected && post(message, undefined, undefined, () => {}))

process.once('message', (message: DaemonToHost) => {
  if (message.kind === 'boot-resident') void boot(message).catch((error: Error) => fail(error))
})
// The daemon is gone. Not an exit: that would pass for the end of the run, which its client begins again.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

function fail(error: Error): void {
  tell({ kind: 'boot-failed', message: error.message })
}

async function boot({ address, vitestPackage, argv, terminals }: Boot): Promise<void> {
  const program = join(dirname(vitestPackage), 'vitest.mjs')
  process.argv = [process.execPath, program, ...argv]
  const terminal = standInTerminal(terminals)
  const footprint = watchFootprint(process.cwd())
  const begin = announceResident()
  const prepared = await prepareVitest(vitestPackage, argv)
  footprint.add(prepared.configFiles())
  footprint.close()
  await prepared.rehearse()
  const { rss, heapUsed } = process.memoryUsage()

  function serve(holder: Holder, request: FrontRequest): void {
    // From here on Vitest alone decides how long this process lives.
    channel!.unref()
    const changed = footprint.changed()
    const asked = changed === undefined ? prepared.asked(request.args) : null
    if (asked === null) {
      const detail = changed === undefined ? 'other options are asked for' : `${changed} has changed`
      holder.decline([process.execPath, program, ...request.args], { code: 'outdated', detail })
      return
    }
    process.argv = [process.execPath, program, ...request.args]
    for (const [name, value] of Object.entries(request.env)) if (process.env[name] === undefined) process.env[name] = value
    terminal.attach(holder.write, request)
    holder.onResize = terminal.resize
    process.once('exit', (code) => holder.end(code))
    begin()
    prepared.run(asked).catch((error: unknown) => {
      console.error(error)
      process.exit(1)
    })
  }

  listenForHolder(address, {
    serve,
    ready: () => tell({ kind: 'ready', rssBytes: rss, heapBytes: heapUsed }),
    over: (returned, taints) => tell({ kind: 'world-done', files: 0, rssBytes: 0, heapBytes: 0, taints, returned }),
    onToken: (listener) =>
      process.on('message', (message: DaemonToHost) => {
        if (message.kind === 'expect') listener(message.token)
      }),
  })
}
