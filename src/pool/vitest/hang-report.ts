import { relative } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import type { Attempt } from './attempt.ts'
import type { LastMoments } from './last-words.ts'
import type { RpcCall } from './messages.ts'
import type { TaskData, TaskResultData, Verdict } from './verdict.ts'

/** What Vitest is told of a file that was killed, as its worker would have told it. */
export interface HangReport {
  calls: RpcCall[]
  /** For `testfileFinished` when there is no file to put it on. */
  loose: { name: string; message: string } | undefined
}

export interface Hang {
  /** Paths as a person knows them. */
  files: readonly string[]
  silentMs: number
  limitMs: number
  moments: LastMoments
}

type Pack = [id: string, result: unknown, meta: unknown]
type Event = [id: string, event: string, data: undefined]

/** @param what e.g. `The test "a > b" in c.test.ts` */
export function hangError({ silentMs, limitMs }: Hang, what: string): EverwarmError {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  return new EverwarmError('FILE_TIMEOUT', {
    message: `${what} was ended: the event loop did not answer for ${seconds(silentMs)} (the limit is ${seconds(limitMs)}), as in an endless loop.`,
    hint: 'everwarm({ hangLimit }) or EVERWARM_HANG_MS sets the limit in ms.',
  })
}

/** The calls that put a hang on its file and test, after all that the file reported by itself. */
export function hangReport({ verdict, queued }: Pick<Attempt, 'verdict' | 'queued'>, told: Hang): HangReport {
  // Without last words: what the worker could still send.
  const running = told.moments.doing ? told.moments.running : verdict.running().map(({ id }) => id)
  const hang = { ...told, moments: { ...told.moments, running } }
  for (const [id, { result }] of hang.moments.ended) {
    const known = verdict.tasks.get(id)
    if (known) known.result = result
  }
  const error = serialized(hangError(hang, placeOf(verdict, hang)))
  const collected = verdict.files.filter((file) => !isOver(verdict.tasks.get(file.id)?.result))
  if (collected.length > 0) return { calls: [ofCollected(verdict, collected, hang, error)], loose: undefined }
  const announced = queued.find((file) => !verdict.tasks.has(file.id))
  return announced ? { calls: ofAnnounced(announced, failed(error)), loose: undefined } : { calls: [], loose: error }
}

/** Where the loop is, as the subject of a sentence. */
function placeOf(verdict: Verdict, { files, moments: { doing, running } }: Hang): string {
  const file = files.join(', ')
  const nameOf = (id: string) => `"${verdict.tasks.get(id)?.name ?? id}"`
  if (running.length > 1) return `One of the concurrent tests ${running.map(nameOf).join(', ')} in ${file}`
  if (running.length === 1) return `The test ${nameOf(running[0]!)} in ${file}`
  if (doing?.kind === 'loading' && doing.what === 'setup file')
    return `The setup file ${relative(process.cwd(), doing.path)}, loaded for ${file},`
  if (doing?.kind === 'loading') return `The top level of ${file}, or of a module that it imports,`
  if (doing?.kind === 'ending') return `The environment of ${file}, at its end,`
  if (!doing) return file
  const suite = doing.kind === 'suite' ? verdict.tasks.get(doing.id) : undefined
  if (!suite) return `${file}, before any of its code was loaded,`
  return suite.task.filepath ? `A hook around the tests of ${file}` : `A hook of the suite "${suite.name}" in ${file}`
}

/** One update: what had ended keeps its result, what hung fails, what did not come to run is skipped. */
function ofCollected(verdict: Verdict, files: readonly TaskData[], { moments }: Hang, error: object): RpcCall {
  const packs: Pack[] = []
  const events: Event[] = []
  const running = new Set(moments.running.filter((id) => verdict.tasks.has(id)))
  // The one that was begun last carries the error; of the others nothing is known but that they did not end.
  const culprit = [...running].at(-1)

  function settle(task: TaskData): TaskResultData | undefined {
    const known = verdict.tasks.get(task.id)?.result
    const ended = moments.ended.get(task.id)
    if (task.type === 'test') {
      if (ended || isOver(known)) {
        if (ended) tell(task, ended.result, 'test-finished', ended.meta)
        return known
      }
      if (task.mode === 'skip' || task.mode === 'todo') return undefined
      const result = running.has(task.id) ? { ...known, ...failed(error) } : notRun(known)
      if (running.has(task.id)) tell(task, result, 'test-prepare')
      tell(task, result, 'test-finished')
      return result
    }
    const children = (task.tasks ?? []).map(settle)
    if (isOver(known)) return known
    const hasFailed = children.some((result) => result?.state === 'fail')
    const isFile = task.filepath !== undefined
    const own =
      isFile && culprit === undefined
        ? failed(error)
        : { state: hasFailed || isFile ? 'fail' : children.some((result) => result?.state === 'pass') ? 'pass' : 'skip' }
    const result = { ...known, ...own }
    tell(task, result, 'suite-finished')
    return result
  }

  function tell(task: TaskData, result: TaskResultData, event: string, meta: unknown = task.meta): void {
    packs.push([task.id, result, meta ?? {}])
    events.push([task.id, event, undefined])
  }

  for (const file of files) settle(file)
  return call('hang-update', 'onTaskUpdate', [packs, events])
}

/** A file that never got so far as to name its tests. */
function ofAnnounced(announced: TaskData, result: TaskResultData): RpcCall[] {
  const file: TaskData & { file?: TaskData } = { ...announced, result }
  // A file is its own file; Vitest names tasks by it.
  file.file = file
  return [
    call('hang-collected', 'onCollected', [[file]]),
    call('hang-update', 'onTaskUpdate', [[[file.id, result, file.meta ?? {}]], [[file.id, 'suite-failed-early', undefined]]]),
  ]
}

const failed = (error: object): TaskResultData => ({ state: 'fail', errors: [error] })
const notRun = (known: TaskResultData | undefined) => ({ ...known, state: 'skip', note: 'not run: its file was ended' })

function isOver(result: TaskResultData | undefined): boolean {
  return result !== undefined && result.state !== 'run' && result.state !== 'queued'
}

function call(i: string, m: string, a: unknown[]): RpcCall {
  return { t: 'q', m, a, i }
}

/** Vitest prints `stack`; ours would show this file, which is none of the user's business. */
function serialized(error: EverwarmError): { name: string; message: string; code: string; stack: string } {
  const message = `${error.message} ${error.hint}`
  return { name: error.name, message, code: error.code, stack: `${error.name}: ${message}` }
}
