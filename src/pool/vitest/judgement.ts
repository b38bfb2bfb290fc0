import type { HostLoss } from './host-link.ts'
import type { Lesson } from './memory.ts'
import type { Failure } from './verdict.ts'

/** Why a run in a warm host is not believed, or was not tried. */
export type Doubt =
  | { kind: 'failed'; failure: Failure }
  | { kind: 'start-failed'; message: string }
  /** Vitest refused to hear that it begins. */
  | { kind: 'refused'; message: string }
  /** It said so itself, by what it asked for. */
  | { kind: 'unfit'; reason: string }
  | { kind: 'host-lost'; loss: HostLoss }
  | { kind: 'no-host'; message: string }
  | { kind: 'lesson'; reason: string }
  /** Not isolated: what ran before it in this worker is in a fork. */
  | { kind: 'follows' }

/** What a fork's verdict teaches about a file that was doubted; null: nothing. */
export function lessonOf(doubt: Doubt, inFork: Failure | undefined): Pick<Lesson, 'verdict' | 'reason' | 'digest'> | null {
  if (doubt.kind === 'failed' && inFork?.digest === doubt.failure.digest)
    return { verdict: 'fails', reason: inFork.summary, digest: inFork.digest }
  if (doubt.kind === 'unfit') return { verdict: 'needs-process', reason: doubt.reason }
  if (inFork) return null
  switch (doubt.kind) {
    case 'failed':
      return {
        verdict: 'needs-process',
        reason: `fails in a warm host and passes in a process of its own (${doubt.failure.summary})`,
      }
    case 'start-failed':
      return { verdict: 'needs-process', reason: `its environment does not start in a warm host (${doubt.message})` }
    case 'host-lost':
      // A host that was taken away, killed from outside or ended with the daemon says nothing about the file.
      return doubt.loss.kind === 'host-exited' && doubt.loss.signal !== 'SIGKILL'
        ? { verdict: 'needs-process', reason: `a warm host ended under it (${lossText(doubt.loss)})` }
        : null
    default:
      return null
  }
}

/** For people. */
export function doubtText(doubt: Doubt): string {
  switch (doubt.kind) {
    case 'failed':
      return `failed in a warm host (${doubt.failure.summary}), judged in a process of its own`
    case 'start-failed':
      return `its environment did not start in a warm host (${doubt.message})`
    case 'refused':
      return `a reporter failed when it began (${doubt.message})`
    case 'unfit':
      return doubt.reason
    case 'host-lost':
      return `its warm host was lost (${lossText(doubt.loss)})`
    case 'no-host':
      return `no warm host (${doubt.message})`
    case 'lesson':
      return doubt.reason
    case 'follows':
      return 'not isolated, and a file before it went to this process'
  }
}

function lossText(loss: HostLoss): string {
  return loss.kind === 'host-exited' ? (loss.signal ?? `code ${loss.code}`) : loss.reason
}
