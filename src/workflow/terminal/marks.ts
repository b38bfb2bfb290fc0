import type { StepReport } from '../../contracts/workflow/events.ts'
import type { Span } from './spans.ts'

/** How a status looks at the beginning of a line; one column wide. */
const MARKS: Record<StepReport['status'] | 'killed', Span> = {
  queued: { text: '○', style: 'dim' },
  running: { text: '●', style: 'cyan' },
  paused: { text: '‖', style: 'yellow' },
  passed: { text: '✓', style: 'green' },
  failed: { text: '✗', style: 'red' },
  timeout: { text: '✗', style: 'red' },
  skipped: { text: '–', style: 'dim' },
  killed: { text: '■', style: 'red' },
  aborted: { text: '■', style: 'red' },
  canceled: { text: '■', style: 'yellow' },
}

export const markOf = (status: string): Span => (MARKS as Record<string, Span>)[status] ?? { text: '●', style: 'cyan' }

/** Of the whole, or of a failed step. */
export const styleOf = (status: string) => markOf(status).style ?? 'dim'
