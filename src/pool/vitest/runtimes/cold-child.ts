import type { ChildProcess } from 'node:child_process'
import { EverwarmError } from '../../../contracts/errors.ts'
import type { DaemonToHost, HostToDaemon } from '../../../contracts/host-wire.ts'
import { childArguments } from '../../../environments/vms/vitest-child.ts'
import { killGroup, spawnProcess } from '../../../system/spawn.ts'
import type { OpenChild } from './child-place.ts'

/** How long one may take to end by itself, ms. */
const END_MS = 500

/** Children without a daemon: the same program, started when it is needed. */
export const coldChild: OpenChild = async (profile, ports) => {
  const child = spawnProcess(profile.command, childArguments(profile), {
    cwd: profile.root,
    env: profile.env,
    // a group of its own: what tests start ends with it
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    serialization: 'json',
  })
  let isOver = false
  let tail = ''
  child.stdout!.on('data', (chunk: Uint8Array) => ports.output(1, chunk))
  child.stderr!.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-2_000)
    ports.output(2, chunk)
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid)
  }
  process.once('exit', kill)
  void ended.then(() => process.off('exit', kill))
  // 'close' comes after the last output, and not at all while grandchildren hold the pipes.
  child.once('exit', (code, signal) => {
    if (child.pid !== undefined) killGroup(child.pid)
    setImmediate(() => !isOver && ports.gone({ code, signal }))
  })
  await ready(child, profile, () => tail)
  child.on('message', (message) => {
    const { line } = message as { line?: unknown }
    if (typeof line === 'string') ports.line(line)
  })
  return {
    pid: child.pid!,
    // What a child that has just died is not told any more, its exit tells.
    send: (line) => void (child.connected && child.send({ line }, () => {})),
    lastWords: () => [],
    kill,
    async close() {
      isOver = true
      if (child.connected) child.disconnect()
      const late = setTimeout(kill, END_MS)
      await ended
      clearTimeout(late)
    },
  }
}

function ready(
  child: ChildProcess,
  { command, runtime, root, vitestPackage }: Parameters<OpenChild>[0],
  tail: () => string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(
        new EverwarmError('HOST_START_FAILED', {
          message: `A child in ${runtime} for ${root} ${why}.${tail() === '' ? '' : `\n${tail()}`}`,
          hint: `Try \`${command} --version\`.`,
        }),
      )
    child.once('error', (error) => fail(`could not be spawned (${error.message})`))
    child.once('exit', (code, signal) => fail(`ended at its start (${signal ?? `code ${code}`})`))
    const hear = (message: unknown) => {
      const news = message as HostToDaemon
      if (news.kind === 'boot-failed') fail(`could not start: ${news.message}`)
      if (news.kind === 'ready') resolve()
      if (news.kind === 'ready' || news.kind === 'boot-failed') child.off('message', hear)
    }
    child.on('message', hear)
    child.send({ kind: 'boot-child', address: null, vitestPackage } satisfies DaemonToHost)
  })
}
