import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A program of the tests in a process of its own; it says one line after the other. */
export interface TestChild {
  pid: number
  /** The next line. @throws what it wrote to stderr, if it ended instead */
  line(): Promise<string>
  write(line: string): void
  kill(signal: NodeJS.Signals): Promise<void>
}

/** @param program from this folder */
export function startChild(program: string, ...args: string[]): TestChild {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', path, ...args], { stdio: 'pipe' })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  let errors = ''
  child.stderr!.on('data', (data) => (errors += data))
  const exit = new Promise((resolve) => child.once('exit', resolve))
  return {
    pid: child.pid!,
    async line() {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${program} ended: ${errors}`)
      return value as string
    },
    write: (line) => void child.stdin!.write(`${line}\n`),
    async kill(signal) {
      child.kill(signal)
      await exit
    },
  }
}
