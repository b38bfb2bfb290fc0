import { systemClock } from '../system/clock.ts'
import { paint, say } from '../system/log.ts'
import type { Env } from '../system/settings.ts'
import { liveRenderer, SHOW_CURSOR, type Renderer, type Screen } from '../workflow/terminal/live.ts'
import { plainRenderer } from '../workflow/terminal/plain.ts'

let isRead = true
const write = (text: string) => void (isRead && process.stdout.write(text))
const print = (line: string) => write(`${line}\n`)

/** How an execution is shown: lines of JSON, a tree where somebody looks at it, else plain lines. */
export function openWorkflowRenderer({ isJson, env }: { isJson: boolean; env: Env }): Renderer {
  outliveReaders()
  if (isJson) return { hear: (_event, line) => print(line), note: say, end: () => {} }
  const isWatched = process.stdout.isTTY === true && env['TERM'] !== 'dumb' && !env['CI']
  if (!isWatched) return plainRenderer({ print, paint })
  // Also where something else ends this process.
  process.once('exit', () => write(SHOW_CURSOR))
  return liveRenderer({ screen: terminal(), paint, clock: systemClock })
}

/** `everwarm workflow run … | head`: a workflow goes on to its end and its clean-up, whether anybody reads on or not. */
function outliveReaders(): void {
  process.stdout.removeAllListeners('error')
  process.stdout.on('error', () => (isRead = false))
  process.stderr.on('error', () => {})
}

function terminal(): Screen {
  const { stdout } = process
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    write,
    onResize(listener) {
      stdout.on('resize', listener)
      return () => stdout.off('resize', listener)
    },
  }
}
