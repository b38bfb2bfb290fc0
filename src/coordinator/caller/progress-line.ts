import type { CoordinatorEvent } from '../../contracts/session-events.ts'

export interface ProgressLine {
  started(total: number): void
  event(event: CoordinatorEvent): void
  /** Takes the line away. */
  end(): void
}

/** One line on a terminal that tells how far a session is; elsewhere nothing. */
export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  let total = 0
  let done = 0
  let failed = 0
  const workers = new Set<unknown>()
  const draw = () => {
    if (!stream.isTTY) return
    const red = failed > 0 ? `, ${failed} failed` : ''
    stream.write(`\r\u{1b}[K${done}/${total} files${red} · ${workers.size} ${workers.size === 1 ? 'worker' : 'workers'}`)
  }
  return {
    started(count) {
      total = count
      draw()
    },
    event({ type, data }) {
      if (type === 'shard:started') workers.add(data.workerId)
      else if (type === 'test:completed') {
        done++
        if (data.status === 'failed' || data.status === 'timedOut') failed++
      } else return
      draw()
    },
    end() {
      if (stream.isTTY) stream.write('\r\u{1b}[K')
    },
  }
}
