import { createInterface } from 'node:readline'
import { KeepRequest, type KeeperLine, RELEASE } from './keeper-wire.ts'

export interface Asker {
  request: KeepRequest
  /** true: this process lives on by itself; false: whoever asked is gone. */
  left: Promise<boolean>
  /** Lost without a word if nobody listens. */
  say(line: KeeperLine): void
  close(): void
}

/** The command that has begun this process: it hears all until it releases it, or is gone. */
export async function listenToAsker(): Promise<Asker> {
  // Whoever reads no more has heard enough.
  process.stdout.on('error', () => {})
  const lines = createInterface({ input: process.stdin })
  const first = Promise.withResolvers<string>()
  const left = Promise.withResolvers<boolean>()
  let isHeard = true
  lines.on('line', (line) => {
    first.resolve(line)
    if (line === RELEASE) left.resolve(true)
  })
  lines.on('close', () => {
    first.resolve('')
    left.resolve(false)
  })
  void left.promise.then((isReleased) => {
    isHeard = !isReleased
    if (isReleased) process.stdout.end()
  })
  return {
    request: KeepRequest.parse(JSON.parse((await first.promise) || '{}')),
    left: left.promise,
    say(line: KeeperLine) {
      if (isHeard) process.stdout.write(`${JSON.stringify(line)}\n`)
    },
    close: () => lines.close(),
  }
}
