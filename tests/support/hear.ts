import type { ChildProcess } from 'node:child_process'

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Heard {
  /** All so far, of both streams, in the order in which it came. */
  said(): string
  stdout(): string
  /** Resolves when it has said this, on either stream, before or after the call; rejects with all that it said if it ends without. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** After its last word. */
  ended: Promise<Ended>
}

/** Hears a process whose output is piped. */
export function hear(child: ChildProcess): Heard {
  const said = { both: '', stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]!.on('data', (chunk: Buffer) => {
      const text = chunk.toString()
      said.both += text
      said[stream] += text
      for (const listener of listeners) listener()
    })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout: said.stdout, stderr: said.stderr }))
  })
  return {
    said: () => said.both,
    stdout: () => said.stdout,
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said.both)
          if (!found) return
          listeners.delete(look)
          resolve(found)
        }
        listeners.add(look)
        ended.then(
          ({ code, signal }) => reject(new Error(`It ended (${signal ?? code}) without ${pattern}:\n${said.both}`)),
          reject,
        )
        look()
      }),
  }
}
