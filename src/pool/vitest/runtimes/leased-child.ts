import { connect } from 'node:net'
import { EverwarmError } from '../../../contracts/errors.ts'
import { lineCutter } from '../../../system/lines.ts'
import type { Leaser, LeaseLoss } from '../../leaser.ts'
import { readLastWords } from '../last-words.ts'
import type { ChildEnd, OpenChild } from './child-place.ts'

/** How long the daemon's word of a child's end is waited for after its socket closed, ms: it knows the signal. */
const EXIT_WORD_MS = 1_000

/** Children that the daemon keeps ready. */
export function leasedChild(leaser: Leaser, waitMs: number): OpenChild {
  return async (profile, ports) => {
    const held = await leaser.acquire(profile, waitMs)
    const { address, token, hostPid } = held.lease
    let isOver = false
    const gone = (end: ChildEnd) => {
      if (isOver) return
      isOver = true
      socket.destroy()
      ports.gone(end)
    }
    const socket = connect(address)
    held.onOutput = ports.output
    socket.setNoDelay(true)
    socket.on('data', lineCutter(ports.line))
    socket.on('error', () => {})
    try {
      await connected(socket, address)
    } catch (error) {
      isOver = true
      await held.release({ outcome: 'tainted', reason: 'not reached' })
      throw error
    }
    socket.write(`${token}\n`)
    void held.lost.then((loss) => gone(endOf(loss)))
    socket.once('close', () => {
      // Not unref'd: the verdict of its file waits for it.
      if (!isOver) setTimeout(() => gone({ code: null, signal: null, reason: 'its socket closed' }), EXIT_WORD_MS)
    })
    return {
      pid: hostPid,
      send: (line) => void socket.write(`${line}\n`),
      lastWords: () => readLastWords(address),
      kill() {
        try {
          process.kill(hostPid, 'SIGKILL')
        } catch {
          // Gone already: what was wanted.
        }
      },
      async close() {
        isOver = true
        // Given back first: a child that ends before would count as one that crashed.
        await held.release({ outcome: 'clean' })
        socket.destroy()
      },
    }
  }
}

function connected(socket: ReturnType<typeof connect>, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve())
    socket.once('error', (cause) =>
      reject(
        new EverwarmError('HOST_UNREACHABLE', {
          message: `The child at ${address} cannot be reached.`,
          hint: 'It may have ended in this moment; run again.',
          cause,
        }),
      ),
    )
  })
}

function endOf(loss: LeaseLoss): ChildEnd {
  if (loss.kind === 'host-exited') return { code: loss.code, signal: loss.signal }
  return { code: null, signal: null, reason: loss.reason }
}
