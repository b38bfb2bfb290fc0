import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

/** A Postgres of a test's own, in a folder of its own. */
export interface TestPostgres {
  /** Over loopback. */
  url: string
  /** Of its first process; of others they are children. */
  readonly pid: number
  /** An empty database in it. */
  freshUrl(): Promise<string>
  /** As an administrator would. */
  stop(): Promise<void>
  /** SIGKILL, of the first process: the others follow it. */
  kill(): Promise<void>
  /** Again, on the same port, with the same data. */
  start(): Promise<void>
  /** Ends it and removes all that it left. */
  remove(): Promise<void>
}

/** Where its programs are; undefined: there is no Postgres here, and why is printed. */
export function postgresFolder(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const found = [...versions.map((version) => join(root, version, 'bin')), ...(process.env['PATH'] ?? '').split(':')].find(
    (folder) => folder !== '' && existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  )
  if (found === undefined) console.warn('Tests of Postgres are skipped: there is no initdb here (Debian: postgresql).')
  return found
}

export async function startPostgres(): Promise<TestPostgres> {
  const bin = postgresFolder()!
  const folder = mkdtempSync(join(tmpdir(), 'ew-pg-'))
  const data = join(folder, 'data')
  const port = await freePort()
  const [program, ...asUser] = unprivileged(folder)
  const run = (command: string, args: string[]) =>
    program === undefined ? { file: command, args } : { file: program, args: [...asUser, command, ...args] }
  const init = run(join(bin, 'initdb'), ['-D', data, '-U', 'tester', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'])
  execFileSync(init.file, init.args, { stdio: 'pipe', cwd: folder })
  let server: ChildProcess | undefined

  const started = async () => {
    const options = ['listen_addresses=127.0.0.1', 'fsync=on', 'shared_buffers=32MB', 'deadlock_timeout=100ms']
    const flags = ['-D', data, '-k', folder, '-p', String(port), ...options.flatMap((option) => ['-c', option])]
    const { file, args } = run(join(bin, 'postgres'), flags)
    // After SIGKILL the memory of the one before is in use until its last process has noticed.
    do server = spawn(file, args, { stdio: 'ignore', cwd: folder })
    while (!(await answers(urlOf('postgres'), server)))
  }
  const urlOf = (database: string) => `postgres://tester@127.0.0.1:${port}/${database}`
  // `setpriv` becomes the server: no process stands between.
  const ended = async (signal: 'SIGINT' | 'SIGKILL') => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const exit = new Promise((resolve) => server!.once('exit', resolve))
    server.kill(signal)
    await exit
  }
  await started()
  let databases = 0
  return {
    url: urlOf('postgres'),
    get pid() {
      return server!.pid!
    },
    async freshUrl() {
      const name = `fresh_${++databases}`
      const client = new pg.Client({ connectionString: urlOf('postgres') })
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      return urlOf(name)
    },
    stop: () => ended('SIGINT'),
    kill: () => ended('SIGKILL'),
    start: started,
    async remove() {
      await ended('SIGINT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Postgres refuses to run as root. */
function unprivileged(folder: string): string[] {
  if (process.getuid?.() !== 0) return []
  const id = (flag: string) => execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim()
  const [uid, gid] = [id('-u'), id('-g')]
  chmodSync(folder, 0o755)
  execFileSync('chown', [`${uid}:${gid}`, folder])
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--pdeathsig=INT', '--']
}

/** false: it ended. */
async function answers(url: string, server: ChildProcess): Promise<boolean> {
  while (server.exitCode === null) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return true
    } catch {
      // Not up yet, and it tells nobody when it is.
      await wait(50)
    }
  }
  return false
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
