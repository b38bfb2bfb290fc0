import { Console } from 'node:console'
import { Writable } from 'node:stream'

type Tell = (stream: 'stdout' | 'stderr', text: string) => void

/** Sends all that is printed here to whoever holds the lease, console included, which bun and deno write past `process.stdout`. */
export function captureOutput(tell: Tell): void {
  const [stdout, stderr] = (['stdout', 'stderr'] as const).map((name) => {
    const own = process[name]
    const write = (chunk: unknown, ...rest: unknown[]): boolean => {
      tell(name, typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('utf8'))
      const done = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined
      if (done) queueMicrotask(done)
      return true
    }
    own.write = write as typeof own.write
    return new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        tell(name, String(chunk))
        done()
      },
    })
  })
  globalThis.console = new Console({ stdout: stdout!, stderr: stderr!, colorMode: false })
}
