// A prepared Vitest: started by the daemon, never by hand. It loads Vitest and the project's configuration, waits, and
// serves one run to the one who holds its lease; then it ends.
import { readFileSync } from 'node:fs'
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
  if (footprint.asked !== undefined) throw new Error(`Its configuration asks another program: ${footprint.asked}`)
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
    takeOver(request)
    terminal.attach(holder, request)
    holder.onResize = terminal.resize
    afterLastListener('exit', (code) => holder.end(Number(process.exitCode ?? code)))
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

/** What a shell changes between two commands, and no configuration can have been made from: see `lastingEnv` of the pool. */
const PASSING = ['_', 'SHLVL', 'OLDPWD', 'COLUMNS', 'LINES']

/** This process becomes the client's, as far as it can. */
function takeOver({ env, pid }: FrontRequest): void {
  for (const name of PASSING) {
    if (env[name] === undefined) delete process.env[name]
    else process.env[name] = env[name]
  }
  const umask = umaskOf(pid)
  if (umask !== undefined) process.umask(umask)
}

/** Linux only; elsewhere files get the mode that the daemon was started with. */
function umaskOf(pid: number): number | undefined {
  try {
    const [, digits] = /^Umask:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return digits === undefined ? undefined : Number.parseInt(digits, 8)
  } catch {
    // No such folder, or the client is gone already.
    return undefined
  }
}

/** A listener that others can be added behind is not the last: what they print, and the exit code they set, count. */
function afterLastListener(event: string, act: (...args: unknown[]) => void): void {
  const emit = process.emit as (event: string | symbol, ...args: unknown[]) => boolean
  process.emit = function (this: NodeJS.Process, said: string | symbol, ...args: unknown[]) {
    const result = emit.call(this, said, ...args)
    if (said === event) act(...args)
    return result
  } as typeof process.emit
}
