import type { ChildProcess } from 'node:child_process'

/** A program under test: what it says, and how it ends. */
export interface WatchedChild {
  child: ChildProcess
  /** Resolves with all that stands on stdout, once `wanted` does. @throws with all output, if it ends without */
  said(wanted: string | RegExp): Promise<string>
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

export function watched(child: ChildProcess): WatchedChild {
  let [stdout, stderr] = ['', '']
  let look = () => {}
  child.stdout!.on('data', (data) => {
    stdout += data
    look()
  })
  child.stderr!.on('data', (data) => (stderr += data))
  const ended = new Promise<Awaited<WatchedChild['ended']>>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  )
  return {
    child,
    ended,
    said: (wanted) =>
      new Promise((resolve, reject) => {
        look = () => void (stdout.match(wanted) && resolve(stdout))
        void ended.then(() => reject(new Error(`It ended without ${wanted}:\n${stdout}\n${stderr}`)))
        look()
      }),
  }
}
