import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HostRun } from '../../src/contracts/session.ts'
import type { ShardInput, ShardOrder, ShardOutput } from '../../src/contracts/shard-run.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = join(REPOSITORY, 'src/worker/shards/program.ts')

/** A project in a folder of its own. */
export function projectFolder(files: Record<string, string>): { root: string; remove(): void } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-shards-')))
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'))
  for (const [name, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}

export type Said<E extends ShardOutput['event']> = Extract<ShardOutput, { event: E }>

export interface ShardProgram {
  child: ChildProcess
  tell(input: ShardInput): void
  said: ShardOutput[]
  stderr(): string
  /** The first output that fits, past or to come. */
  until<E extends ShardOutput['event']>(event: E, fits?: (output: Said<E>) => boolean): Promise<Said<E>>
  /** Its input ends; resolves with its exit code. */
  end(): Promise<number | null>
  kill(): Promise<void>
}

export function shardProgram(root: string, env: Record<string, string> = {}, args: string[] = []): ShardProgram {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: root,
    env: { ...process.env, EVERWARM: '0', CI: '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const said: ShardOutput[] = []
  const listeners = new Set<() => void>()
  let text = ''
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n')
    text = lines.pop()!
    for (const line of lines) said.push(JSON.parse(line) as ShardOutput)
    for (const listener of listeners) listener()
  })
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return {
    child,
    said,
    stderr: () => stderr,
    tell: (input) => void child.stdin.write(`${JSON.stringify(input)}\n`),
    until: (event, fits = () => true) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = said.find((output) => output.event === event && fits(output as never))
          if (!found) return
          listeners.delete(look)
          resolve(found as never)
        }
        listeners.add(look)
        void exit.then((code) =>
          reject(
            new Error(
              `The program ended (${code}) without ${event}:\n${stderr}\n${said.map((each) => JSON.stringify(each)).join('\n')}`,
            ),
          ),
        )
        look()
      }),
    end() {
      child.stdin.end()
      return exit
    },
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

export function order(
  paths: (string | ShardOrder['tests'][number])[],
  more: Partial<Omit<ShardOrder, 'run'>> & { run?: Partial<HostRun> } = {},
): ShardOrder {
  const { run, ...rest } = more
  return {
    sessionId: 'session',
    shardId: 'shard-1',
    shardIndex: 0,
    attempt: 1,
    tests: paths.map((path) => (typeof path === 'string' ? { id: path, path } : path)),
    testTimeoutMs: 60_000,
    shardTimeoutMs: 120_000,
    ...rest,
    run: HostRun.parse(run ?? {}),
  }
}
