import type { Socket } from 'node:net'
import type { Hear } from '../executor.ts'
import type { Clock } from '../../system/clock.ts'

/** The output of a command that has ended, if others hold it open: over when nothing came for so long, ms. */
const QUIET_MS = 200
/** But after so many times at the latest: who outlives its command may speak for ever. */
const MOST_LOOKS = 10

export interface Output {
  /**
   * The command has ended: resolves after the last piece was heard. What others say on its streams later is read, so that they are
   * not ended by it, and dropped; it does not keep this process alive.
   */
  finish(): Promise<void>
  /** Somebody holds it open. */
  isOpen(): boolean
  /** Nobody reads on. */
  drop(): void
}

/** Hears both streams of a child piece by piece; while a promise of `hear` is open none is read, and its pipes fill. */
export function readOutput(streams: Readonly<Record<'stdout' | 'stderr', Socket>>, hear: Hear, clock: Clock): Output {
  const both = [streams.stdout, streams.stderr]
  const over = Promise.withResolvers<void>()
  let openStreams = both.length
  let pieces = 0
  let isHeld = false
  let isOver = false

  const endIfDone = () => {
    if (openStreams === 0 && !isHeld) over.resolve()
  }
  const goOn = () => {
    isHeld = false
    for (const stream of both) stream.resume()
    endIfDone()
  }
  for (const name of ['stdout', 'stderr'] as const) {
    streams[name].on('data', (bytes: Buffer) => {
      if (isOver) return
      pieces += 1
      const heard = hear(name, bytes)
      if (!(heard instanceof Promise)) return
      isHeld = true
      for (const stream of both) stream.pause()
      // Who could not hear this may hear what follows; the error is the listener's.
      heard.then(goOn, goOn)
    })
    // EIO and the like: there is no more to read.
    streams[name].on('error', () => {})
    streams[name].once('close', () => {
      openStreams -= 1
      endIfDone()
    })
  }

  function look(before: number, looks: number): void {
    clock.after(QUIET_MS, () => {
      if (isHeld) return look(-1, looks)
      if (pieces === before || looks >= MOST_LOOKS) over.resolve()
      else look(pieces, looks + 1)
    })
  }
  return {
    async finish() {
      if (openStreams > 0 || isHeld) look(pieces, 1)
      await over.promise
      isOver = true
      for (const stream of both) stream.unref()
    },
    isOpen: () => openStreams > 0,
    drop() {
      for (const stream of both) stream.destroy()
    },
  }
}
