import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { coordinatorClient } from '../../src/coordinator/http/client.ts'
import { type Ended, hear } from '../support/hear.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const NODE_MODULES = join(import.meta.dirname, '../../node_modules')

/** Everything of `everwarm coordinator`, `worker` and `test` as processes, in folders of their own. */
export interface RemoteHouse {
  folder: string
  token: string
  url(): string
  client(): ReturnType<typeof coordinatorClient>
  startCoordinator(): Promise<ChildProcess>
  startWorker(name: string, checkout: string, ...options: string[]): Promise<ChildProcess>
  /** Any other command, to its end. */
  everwarm(...args: string[]): void
  /** `everwarm test --workers remote …` in a project. */
  run(project: string, ...args: string[]): Running
  /** A project of these files, with this repository's packages. */
  project(name: string, files: Readonly<Record<string, string>>): Promise<string>
  /** The same files somewhere else, as a worker's checkout. */
  checkout(project: string, name: string): Promise<string>
  close(): Promise<void>
}

export interface Running {
  child: ChildProcess
  ended: Promise<Ended>
}

export async function remoteHouse(): Promise<RemoteHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'everwarm-remote-'))
  const token = 'a-token-for-tests-only'
  const env = {
    ...process.env,
    // Vitest judges snapshots otherwise in CI, where these tests run too.
    CI: '',
    EVERWARM: '',
    EVERWARM_HOME: join(folder, 'home'),
    EVERWARM_CACHE: join(tmpdir(), 'everwarm-test-cache'),
    EVERWARM_TOKEN: token,
    EVERWARM_JUDGE: '0',
    NO_COLOR: '1',
    VITEST: undefined,
    NODE_OPTIONS: undefined,
  }
  const children = new Set<ChildProcess>()
  let port = 0
  const start = (args: string[], cwd: string) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    children.add(child)
    child.on('exit', () => children.delete(child))
    return child
  }
  const url = () => `http://127.0.0.1:${port}`
  return {
    folder,
    token,
    url,
    client: () => coordinatorClient({ url: url(), token }),
    async startCoordinator() {
      const child = start(['coordinator', '--port', String(port), '--folder', join(folder, 'coordinator')], folder)
      const line = await hear(child).until(/coordinator at http:\/\/127\.0\.0\.1:(\d+)/)
      port = Number(line[1])
      return child
    },
    async startWorker(name, checkout, ...options) {
      const child = start(
        ['worker', '--connect', url().replace('http', 'ws'), '--name', name, '--dir', checkout, ...options],
        checkout,
      )
      await hear(child).until(/connected to/)
      return child
    },
    everwarm: (...args) => void spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, env, stdio: 'ignore' }),
    run(project, ...args) {
      const child = start(['test', '--workers', 'remote', '--coordinator', url(), ...args], project)
      return { child, ended: hear(child).ended }
    },
    async project(name, files) {
      const root = join(folder, name)
      for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
        await mkdir(join(root, path, '..'), { recursive: true })
        await writeFile(join(root, path), text)
      }
      await symlink(NODE_MODULES, join(root, 'node_modules'))
      return root
    },
    async checkout(project, name) {
      const root = join(folder, name)
      await cp(project, root, { recursive: true, verbatimSymlinks: true })
      return root
    },
    async close() {
      // Twice: once would let a worker finish what it has, which nobody waits for any more.
      for (const child of [...children, ...children]) child.kill('SIGTERM')
      await Promise.all([...children].map((child) => once(child, 'exit')))
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
