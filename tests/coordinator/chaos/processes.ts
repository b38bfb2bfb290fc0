import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Program {
  pid: number
  /** Resolves with the first line that matches; rejects if it ends before. */
  until(pattern: RegExp): Promise<string>
  /** Its input ends. */
  end(): void
  kill(signal?: NodeJS.Signals): Promise<void>
  /** What it wrote to stderr, the end of it. */
  complaints(): string
}

/** A program of this folder, or at a file URL, told what to do by one argument. */
export function program(name: string, options: unknown, env: NodeJS.ProcessEnv): Program {
  const path = fileURLToPath(new URL(name, import.meta.url))
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', path, JSON.stringify(options)], { env, stdio: 'pipe' })
  let text = ''
  let errors = ''
  const listeners = new Set<() => void>()
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const wake = () => {
    for (const listener of listeners) listener()
  }
  child.stdout!.on('data', (data: Buffer) => {
    text = (text + data.toString()).slice(-MOST_CHARS)
    wake()
  })
  child.stderr!.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-16_384)))
  void exit.then(wake)
  return {
    pid: child.pid!,
    end: () => void child.stdin!.end(),
    complaints: () => errors,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(text)
          if (!found && child.exitCode === null && child.signalCode === null) return
          listeners.delete(look)
          if (found) resolve(found[0])
          else reject(new Error(`${name} ended without ${pattern}:\n${text}\n${errors}`))
        }
        listeners.add(look)
        look()
      }),
    async kill(signal = 'SIGKILL') {
      child.kill(signal)
      await exit
    },
  }
}

/** A program's last words may be long lists. */
const MOST_CHARS = 64 * 1_048_576

export interface SeenProcess {
  pid: number
  parent: number
  command: string
}

/** All processes of this machine. Linux. */
export function processes(): SeenProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const parent = Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1])
        return command === '' ? [] : [{ pid: Number(name), parent, command }]
      } catch {
        // It ended while it was looked at.
        return []
      }
    })
}
