import type { Clock, Timer } from '../../system/clock.ts'
import type { Paint } from '../../system/log.ts'
import type { WorkflowEvent } from '../../contracts/workflow/events.ts'
import { applyEvent } from './apply-event.ts'
import { newRunView } from './run-view.ts'
import { type Line, neutral, paintLine, plainText, widthOf } from './spans.ts'
import { type Places, summaryLines, warningLines } from './summary-lines.ts'
import { treeLines } from './tree-lines.ts'

/** Shows an execution while it runs. */
export interface Renderer {
  hear(event: WorkflowEvent, line: string): void
  /** A line that is no event; it stays. */
  note(text: string): void
  /** The last word; nothing is shown afterwards. */
  end(places: Places): void
}

/** A terminal. */
export interface Screen {
  size(): { columns: number; rows: number }
  write(text: string): void
  /** @returns what ends it */
  onResize(listener: () => void): () => void
}

/** Ten frames a second at most. */
const FRAME_MS = 100
/** Elapsed times change by themselves. */
const TICK_MS = 1_000
const ERASE_REST = '\u001b[K'
const ERASE_BELOW = '\u001b[J'
const HIDE_CURSOR = '\u001b[?25l'
export const SHOW_CURSOR = '\u001b[?25h'

export interface LiveOptions {
  screen: Screen
  paint: Paint
  clock: Clock
  /** ms since 1970 */
  wallMs?: () => number
}

/** A tree that is drawn anew in its place; an event costs the same whatever is shown. */
export function liveRenderer({ screen, paint, clock, wallMs = Date.now }: LiveOptions): Renderer {
  const view = newRunView()
  let drawn: Line[] = []
  let lastMs = -FRAME_MS
  let frame: Timer | undefined
  let isEnded = false

  const painted = (lines: readonly Line[], columns: number) => lines.map((line) => paintLine(line, columns, paint))
  const draw = () => {
    const { columns, rows } = screen.size()
    const lines = treeLines(view, wallMs(), Math.max(1, rows - 1))
    screen.write(over(drawn, columns, painted(lines, columns - 1)))
    drawn = lines.map((line) => [{ text: paintLine(line, columns - 1, unpainted) }])
    lastMs = clock.now()
    frame = clock.after(TICK_MS, draw)
  }
  let isAsked = false
  const ask = () => {
    if (isAsked || isEnded) return
    isAsked = true
    frame?.cancel()
    frame = clock.after(Math.max(0, lastMs + FRAME_MS - clock.now()), () => {
      isAsked = false
      draw()
    })
  }
  screen.write(HIDE_CURSOR)
  const stopResize = screen.onResize(ask)
  return {
    hear(event) {
      applyEvent(view, event)
      ask()
    },
    note(text) {
      if (isEnded) return
      screen.write(over(drawn, screen.size().columns, [neutral(text)]))
      drawn = []
      ask()
    },
    end(places) {
      if (isEnded) return
      isEnded = true
      frame?.cancel()
      stopResize()
      const { columns } = screen.size()
      const lines = [
        ...treeLines(view, view.nowMs, Number.MAX_SAFE_INTEGER).slice(1),
        [],
        ...warningLines(view),
        ...summaryLines(view, places),
      ]
      // The last words stay, and may be copied: the terminal breaks what is long.
      screen.write(over(drawn, columns, painted(lines, Number.MAX_SAFE_INTEGER)) + SHOW_CURSOR)
    },
  }
}

/**
 * Lines in the place of those drawn before, which may take more rows than they did: terminals break long lines when they become
 * narrower. Each line is written over and its rest erased: what is erased as a whole flickers, and tmux keeps it in its history.
 */
function over(drawn: readonly Line[], columns: number, lines: readonly string[]): string {
  const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(plainText(line)) / Math.max(1, columns))), 0)
  const up = rows === 0 ? '' : `\u001b[${rows}A\r`
  return `${up}${lines.map((line) => `${line}${ERASE_REST}\n`).join('')}${rows > lines.length ? ERASE_BELOW : ''}`
}

const same = (text: string) => text
const unpainted: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same }
