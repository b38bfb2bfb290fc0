import { join } from 'node:path'
import type { ArtifactStore } from '../../artifacts/artifact-store.ts'
import type { Masks } from '../../content/masks.ts'
import { errorFromData, EverwarmError } from '../../contracts/errors.ts'
import type { WorkflowHappening } from '../../contracts/workflow/events.ts'
import type { Executor } from '../../executors/executor.ts'
import type { RunningWorkflow, SecretStore, WorkflowResult, WorkflowRunOptions } from '../engine/engine-types.ts'
import { maskedEvent } from '../engine/masked-event.ts'
import { runWorkflow } from '../engine/run-workflow.ts'
import { shownError } from '../engine/shown-error.ts'
import type { KnownDocuments } from '../known-documents.ts'
import type { Prepared } from '../prepare.ts'
import { hideSensitive } from '../sensitive.ts'
import { openArtifactKeeper } from './artifact-keeper.ts'
import { concurrencyOf } from './concurrency.ts'
import { type ControlServer, serveControl } from './control-server.ts'
import { type EventBook, openEventBook } from './event-book.ts'
import { type EventFeed, eventFeed, type EventListener } from './event-feed.ts'
import { type ExecutionAbout, type ExecutionFolder, removeExecution } from './execution-folder.ts'
import { writeResult } from './execution-result.ts'
import { makeExecution } from './make-execution.ts'
import { type ExecutionStatus, hasExecutionEnded } from '../status.ts'
import { deskOf, type ExecutionState, executionState } from './execution-state.ts'
import { type KeptWatch, keptWatch } from './kept-watch.ts'
import { diskFull, isDiskFull } from '../../system/disk-full.ts'
import { openLogKeeper } from './log-keeper.ts'
import { pauseWatch } from './pause-watch.ts'
import { type TakenTurn, takeTurn } from './take-turn.ts'

export interface ExecutionOptions extends Pick<WorkflowRunOptions, 'source' | 'keepOut' | 'strict' | 'estimateMs'> {
  /** Folders of this user. */
  executions: string
  groups: string
  /** A folder of one's own for its files; as given. */
  output?: string
  prepared: Prepared
  known: KnownDocuments
  executor: Executor
  /** As people named it: `docker` and `podman` are both containers. */
  executorName: string
  secrets: SecretStore
  masks: Masks
  store?: { artifacts: Pick<ArtifactStore, 'put'>; location: string }
  /** What is to be said before it begins, each a warning. */
  notes?: readonly string[]
  /** Shows what happens, from the first event on. */
  listener?: EventListener
  /** Something is wrong with the disk; the workflow goes on. */
  onFault(message: string): void
}

export interface StartedExecution {
  about: ExecutionAbout
  artifacts: string
  /** When all of it is written. Never rejects. */
  ended: Promise<WorkflowResult>
  /** What waits goes on. @throws EverwarmError BAD_INPUT: nothing runs */
  resume(): void
  /** Gracefully; a second time at once. */
  cancel(reason: string): void
  /** This process ends now, whatever still runs: others see what became of it. */
  giveUp(): void
}

/**
 * One execution with all that is around it: its folder, its place in the line of its group, its socket, its events and its result.
 * @throws EverwarmError BAD_INPUT, WORKFLOW_INVALID, STORE_FULL
 */
export async function startExecution(options: ExecutionOptions): Promise<StartedExecution> {
  const { executor, prepared, masks } = options
  hideSensitive(prepared, masks)
  const concurrency = concurrencyOf(prepared.plan)
  const folder = makeExecution(options.executions, {
    workflow: prepared.plan.name,
    executor: options.executorName,
    ...tagsOf(options),
    ...(options.output === undefined ? {} : { output: options.output }),
  })
  const { about } = folder
  const kept = keptWatch(about.folder, options.onFault)
  const book = bookOf(options.executions, folder, kept)
  const all = eventFeed()
  // What the workflow tells has its masks already.
  const feed: EventFeed = { ...all, tell: (event) => all.tell(maskedEvent(event, masks)) }
  feed.listen((event, line) => book.write(event, line))
  if (options.listener) feed.listen(options.listener)
  for (const message of options.notes ?? []) feed.tell({ type: 'warning', unit: '', code: 'FIELD_UNSUPPORTED', message })
  const artifacts = openArtifactKeeper({ folder: about.folder, ...(options.store ? { store: options.store } : {}) })
  const state = executionState(about, feed)
  feed.listen((event) => void (event.type === 'execution' && (state.status = event.status as ExecutionStatus)))
  feed.listen(pauseWatch((isPaused) => state.stands(isPaused ? 'paused' : 'running')))
  const control = await controlOf(folder, state, feed)
  const begin = () =>
    runWorkflow({
      ...options,
      id: about.id,
      executor,
      keepOut: [...(options.keepOut ?? []), about.folder, options.executions],
      // Its end is told when it is known whether all of it is kept.
      tell: (event) => void (isEnd(event) || all.tell(event)),
      logs: openLogKeeper(about.folder, (cause) => kept.lost('logs', cause)),
      artifacts,
    })
  const ended = lifeOf(options, concurrency, folder, feed, state, begin).then(async (end) => {
    await book.written()
    const { status, error } = kept.judged(end)
    feed.tell({ type: 'execution', id: about.id, workflow: about.workflow, status, ...(error ? { error } : {}) })
    control?.close()
    await book.close()
    return keepResult(folder, kept, end)
  })
  return {
    about,
    artifacts: artifacts.location,
    ended,
    resume: () => void deskOf(state, about.id).resume(),
    cancel: (reason) => state.cancel(reason),
    giveUp() {
      feed.tell({ type: 'execution', id: about.id, workflow: about.workflow, status: 'canceled' })
      keepResult(folder, kept, { status: 'canceled', exitCode: 137 })
    },
  }
}

/** A tag may have the value of a sensitive parameter in it. */
function tagsOf({ prepared, masks }: ExecutionOptions): { tags?: Record<string, string> } {
  const given = Object.entries(prepared.plan.execution?.tags ?? {})
  if (given.length === 0) return {}
  return { tags: Object.fromEntries(given.map(([name, value]) => [name, masks.text(String(value))])) }
}

const isEnd = (event: WorkflowHappening) => event.type === 'execution' && hasExecutionEnded(event.status as ExecutionStatus)

/** @throws EverwarmError STORE_FULL; then nothing is left of the execution */
function bookOf(executions: string, folder: ExecutionFolder, kept: KeptWatch): EventBook {
  try {
    return openEventBook(join(folder.about.folder, 'events.jsonl'), (cause) => kept.lost('events', cause))
  } catch (error) {
    removeExecution(executions, folder)
    throw isDiskFull(error) ? diskFull(error) : error
  }
}

/** Without a socket it runs all the same. */
async function controlOf(
  { about, entry }: ExecutionFolder,
  state: ExecutionState,
  feed: EventFeed,
): Promise<ControlServer | undefined> {
  try {
    return await serveControl({ id: about.id, entry }, deskOf(state, about.id))
  } catch (cause) {
    const { code, message } = errorFromData(cause)
    feed.tell({ type: 'warning', unit: '', code, message: `It cannot be asked from elsewhere: ${message}` })
    return undefined
  }
}

async function lifeOf(
  options: ExecutionOptions,
  concurrency: ReturnType<typeof concurrencyOf>,
  { about }: ExecutionFolder,
  feed: EventFeed,
  state: ExecutionState,
  begin: () => RunningWorkflow,
): Promise<WorkflowResult> {
  const name = { type: 'execution', id: about.id, workflow: about.workflow } as const
  let turn: TakenTurn | undefined
  try {
    if (concurrency) {
      feed.tell({ ...name, status: 'queued' })
      const { signal } = state.waiting
      const onGiveWay = (to: string) => state.cancel(`${to} took its place`)
      const { group } = concurrency
      const onWait = (_ahead: number, behind: readonly string[]) =>
        feed.tell({ ...name, status: 'queued', waits: { group, behind } })
      turn = await takeTurn({ groups: options.groups, id: about.id, signal, onGiveWay, onWait, ...concurrency })
    }
    if (state.waiting.signal.aborted) throw canceledBefore(about.id, String(state.waiting.signal.reason))
    state.running = begin()
    return await state.running.ended
  } catch (error) {
    return notBegun(error, options.masks)
  } finally {
    turn?.leave()
  }
}

const canceledBefore = (id: string, why: string) =>
  new EverwarmError('EXECUTION_CANCELED', { message: `Execution ${id} was canceled before it began: ${why}.` })

function notBegun(thrown: unknown, masks: Masks): WorkflowResult {
  const error = shownError(thrown, masks)
  if (error.code === 'EXECUTION_CANCELED') return { status: 'canceled', exitCode: 137, error }
  if (error.code === 'QUEUE_TIMEOUT') return { status: 'aborted', exitCode: 137, error }
  return { status: 'failed', exitCode: error.code === 'STORE_FULL' ? 74 : 190, error }
}

/** @returns what is true in the end */
function keepResult(folder: ExecutionFolder, kept: KeptWatch, end: WorkflowResult): WorkflowResult {
  const result = kept.judged(end)
  const { status, exitCode, error } = result
  try {
    writeResult(folder, { status, exitCode, endedAt: new Date().toISOString(), ...(error ? { error } : {}) })
    return result
  } catch (cause) {
    kept.lost('results', cause as Error)
    return kept.judged(end)
  }
}
