import { spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { connectEngine } from '../../src/executors/container/engine.ts'

/** Its images survive from run to run: what they are made of seldom changes. */
const FOLDER = '/tmp/everwarm-test-docker'
const SOCKET = join(FOLDER, 'docker.sock')

/**
 * Address of a container engine: of `DOCKER_HOST`, the usual one, or one of the tests' own, which ends when the last test process
 * that uses it has ended. undefined: there is none, and why is printed.
 */
export async function dockerHost(env = process.env): Promise<string | undefined> {
  const usual = [env['DOCKER_HOST'], 'unix:///var/run/docker.sock'].filter((host) => host !== undefined)
  if (env['EVERWARM_TEST_DOCKER'] !== 'private') for (const host of usual) if (await answers(host)) return host
  const why = noPrivate()
  if (why === undefined) return privateHost()
  console.warn(`Tests of containers are skipped: no engine answers, and none is started: ${why}.`)
  return undefined
}

function noPrivate(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'that takes root on Linux'
  const isThere = (name: string) => (process.env['PATH'] ?? '').split(':').some((folder) => isProgram(join(folder, name)))
  const missing = ['dockerd', 'flock'].filter((name) => !isThere(name))
  return missing.length === 0 ? undefined : `there is no ${missing.join(', no ')} here (Debian: docker.io, util-linux)`
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not there, or not for us.
    return false
  }
}

// Who uses it holds `users` shared. The last but one of its lines waits until nobody does, also when a test process was killed.
const KEEPER = `
ulimit -n "$(ulimit -Hn)"
dockerd --data-root ${FOLDER}/data --exec-root ${FOLDER}/exec -H unix://${SOCKET} --pidfile ${FOLDER}/docker.pid --bridge none \
  --iptables=true --ip-masq=false --default-ulimit nofile=20000:20000 --exec-opt native.cgroupdriver=cgroupfs >log 2>&1 &
engine=$!
flock -x users sh -c 'kill "$1"; while kill -0 "$1"; do sleep 0.1; done' sh "$engine" 2>/dev/null &
wait "$engine"
`

async function privateHost(): Promise<string | undefined> {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 })
  await hold('users', '-s')
  // One test process starts it, others wait for that.
  const started = await hold('starting', '-x')
  const host = `unix://${SOCKET}`
  if (!(await answers(host))) {
    const keeper = spawn('/bin/sh', ['-c', KEEPER], { cwd: FOLDER, stdio: 'ignore', detached: true })
    keeper.unref()
    for (let tries = 0; tries < 300 && keeper.exitCode === null && !(await answers(host)); tries++)
      await new Promise((resolve) => setTimeout(resolve, 100))
  }
  started()
  if (await answers(host)) return host
  console.warn(`Tests of containers are skipped: dockerd did not start, see ${join(FOLDER, 'log')}.`)
  return undefined
}

/** Holds a lock until it is given back, or this process is gone. */
async function hold(name: string, how: '-s' | '-x'): Promise<() => void> {
  const holder = spawn('flock', [how, name, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
    cwd: FOLDER,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  holder.unref()
  for await (const _ of createInterface({ input: holder.stdout })) break
  ;(holder.stdin as unknown as { unref(): void }).unref()
  return () => holder.stdin.end()
}

const answers = (host: string) =>
  connectEngine({ host, env: {} }).then(
    () => true,
    () => false,
  )
