import { EverwarmError } from '../../contracts/errors.ts'
import type { Attempt } from './attempt.ts'
import type { RpcCall } from './messages.ts'
import type { TaskData, TaskResultData, Verdict } from './verdict.ts'

/** What Vitest is told of a file that was killed, as its worker would have told it. */
export interface HangReport {
  calls: RpcCall[]
  /** For `testfileFinished` when there is no file to put it on. */
  loose: { name: string; message: string } | undefined
}

export function hangError(file: string, silentMs: number, inTest: string | undefined): EverwarmError {
  return new EverwarmError('FILE_TIMEOUT', {
    message:
      `${file} was ended: its event loop did not answer for ${(silentMs / 1000).toFixed(1)} s` +
      (inTest ? `, in the test "${inTest}".` : ', as in an endless loop.'),
    hint: 'everwarm({ hangLimit }) or EVERWARM_HANG_MS sets the limit in ms.',
  })
}

/** The calls that put a hang on its file, after all that the file reported by itself. */
export function hangReport(attempt: Attempt, files: readonly string[], silentMs: number): HangReport {
  const { verdict, queued } = attempt
  const running = runningTest(verdict)
  const error = serialized(hangError(files.join(', '), silentMs, running?.name))
  const failed: TaskResultData & { errors: object[] } = { state: 'fail', errors: [error] }
  const collected = verdict.files.find((file) => !isFinished(verdict, file))
  if (collected) {
    const ofFile = { ...verdict.tasks.get(collected.id)?.result, ...(running ? { state: 'fail' } : failed) }
    const packs: unknown[] = [[collected.id, ofFile, collected.meta ?? {}]]
    const events: unknown[] = []
    if (running) {
      packs.push([running.task.id, { ...running.result, ...failed }, running.task.meta ?? {}])
      events.push([running.task.id, 'test-finished', undefined])
    }
    events.push([collected.id, 'suite-finished', undefined])
    return { calls: [call('hang-update', 'onTaskUpdate', [packs, events])], loose: undefined }
  }
  const announced = queued.find((file) => !verdict.tasks.has(file.id))
  if (!announced) return { calls: [], loose: error }
  const file: TaskData & { file?: TaskData } = { ...announced, result: failed }
  // A file is its own file; Vitest names tasks by it.
  file.file = file
  const early = [[file.id, failed, file.meta ?? {}]]
  return {
    calls: [
      call('hang-collected', 'onCollected', [[file]]),
      call('hang-update', 'onTaskUpdate', [early, [[file.id, 'suite-failed-early', undefined]]]),
    ],
    loose: undefined,
  }
}

/** Known only if the worker could still send it: its updates are gathered for 100 ms. */
function runningTest(verdict: Verdict) {
  return [...verdict.tasks.values()].find(({ task, result }) => task.type === 'test' && result?.state === 'run')
}

function isFinished(verdict: Verdict, file: TaskData): boolean {
  const state = verdict.tasks.get(file.id)?.result?.state
  return state !== undefined && state !== 'run' && state !== 'queued'
}

function call(i: string, m: string, a: unknown[]): RpcCall {
  return { t: 'q', m, a, i }
}

/** Vitest prints `stack`; ours would show this file, which is none of the user's business. */
function serialized(error: EverwarmError): { name: string; message: string; code: string; stack: string } {
  const message = `${error.message} ${error.hint}`
  return { name: error.name, message, code: error.code, stack: `${error.name}: ${message}` }
}
