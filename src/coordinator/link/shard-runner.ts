import { randomBytes } from 'node:crypto'
import { type EverwarmError, errorFromData } from '../../contracts/errors.ts'
import type { HostRun, SessionTest } from '../../contracts/session.ts'
import type { ShardInput, ShardOrder, ShardOutput } from '../../contracts/shard-run.ts'
import { SHARD_COMMAND } from '../../contracts/worker-link.ts'
import { type Clock, systemClock, type Timer } from '../../system/clock.ts'
import type { RemoteProcess, WorkerConnection } from './link-types.ts'
import { type ShardNews, type ShardProgram, shardProgram } from './shard-program.ts'

export interface ShardRunnerOptions {
  /**
   * What shards say, in order of each shard. Resolves when it is durable: only then may the worker forget it. May come again
   * after a lost connection, with what was not acknowledged. A rejection ends the connection, so that it comes again.
   */
  onOutput(output: Exclude<ShardNews, { event: 'listed' }>): Promise<void> | void
  clock?: Clock
  /** For an answer to `list`, 300,000 by default. */
  listMs?: number
}

/** Runs shards on one connected worker. It is of no use after its connection: make another one from the next. */
export interface ShardRunner {
  /** Says the same order again without harm: the program knows what it has. Never throws. */
  run(order: ShardOrder): void
  /** Stops what runs of it, within 2 s. */
  cancel(shardId: string): void
  /** Nothing more comes for this session: its program ends, by force after 2 s. */
  endSession(sessionId: string): void
  /**
   * The project's tests, as its host names them.
   * @param sessionId whose program answers, warm for its shards afterwards
   * @throws EverwarmError LIST_FAILED, WORKER_LOST and what the program says
   */
  list(run: HostRun, sessionId?: string): Promise<SessionTest[]>
  /** Whose programs run there. */
  readonly sessions: readonly string[]
  /** Shards that it was given and that have not ended. */
  readonly held: readonly { shardId: string; attempt: number }[]
}

const SESSION_NOTE = 'session:'
const LIST = 'list:'
const END_GRACE_MS = 2_000
/** Linux takes no argument beyond 131,072 bytes. */
const ARGUMENT_CHARS = 30_000

/** The session whose shards a process runs; undefined: it is no shard program of a session. */
export function sessionOfProcess({ note }: { note?: string | undefined }): string | undefined {
  return note?.startsWith(SESSION_NOTE) ? note.slice(SESSION_NOTE.length) : undefined
}

export function shardRunner(connection: WorkerConnection, options: ShardRunnerOptions): ShardRunner {
  const { onOutput, clock = systemClock, listMs = 300_000 } = options
  const takesInput = connection.features.has('stdin')
  /** By session, where one program serves many shards; else by a name of its own. */
  const programs = new Map<string, ShardProgram>()
  const lists = new Map<string, PendingList>()

  const open = (key: string, process: RemoteProcess) => {
    const program = shardProgram(process, {
      onOutput: (output) => (output.event === 'listed' ? settleList(output) : onOutput(output)),
      // What cannot be kept comes again over another connection.
      onFailure: (error) => connection.close(errorFromData(error)),
      onEnded(error) {
        if (programs.get(key) === program) programs.delete(key)
        for (const [id, list] of lists) if (list.key === key) settleList({ event: 'listed', id, error })
      },
    })
    programs.set(key, program)
    return program
  }
  const report = async (output: Extract<ShardOutput, { event: 'shard-ended' }>) => {
    try {
      await onOutput(output)
    } catch (error) {
      connection.close(errorFromData(error))
    }
  }
  const settleList = ({ id, tests, error }: Extract<ShardOutput, { event: 'listed' }>) => {
    const list = lists.get(id)
    lists.delete(id)
    list?.limit.cancel()
    if (error) list?.reject(errorFromData(error))
    else list?.resolve(tests ?? [])
  }
  const spawn = (key: string, note: string, inputs: readonly string[]) =>
    open(key, connection.spawn(SHARD_COMMAND, inputs, { note }))
  const programOf = (sessionId: string) => programs.get(sessionId) ?? spawn(sessionId, SESSION_NOTE + sessionId, [])
  const spawnFor = (key: string, note: string, input: ShardInput) => spawn(key, note, ['--input', ...cut(JSON.stringify(input))])

  for (const process of connection.kept) {
    const sessionId = sessionOfProcess(process)
    if (sessionId === undefined) process.kill()
    else {
      open(takesInput ? sessionId : process.id, process)
      // Its last line of input may have been cut off with the connection.
      process.write('\n')
    }
  }

  return {
    run(order) {
      const { sessionId, shardId, attempt } = order
      try {
        if (takesInput) return programOf(sessionId).tell({ shard: order })
        const key = `${shardId}:${attempt}`
        if (!programs.has(key)) spawnFor(key, SESSION_NOTE + sessionId, { shard: order }).holds(order)
      } catch (error) {
        void report({ event: 'shard-ended', shardId, attempt, error: errorFromData(error).toJSON() })
      }
    },
    cancel(shardId) {
      for (const program of programs.values()) {
        const isHeld = program.orders.has(shardId)
        program.forget(shardId)
        if (takesInput) program.tell({ cancel: { shardId } })
        else if (isHeld) program.kill()
      }
    },
    endSession(sessionId) {
      for (const [key, program] of programs) {
        const isOfIt = key === sessionId || [...program.orders.values()].some((order) => order.sessionId === sessionId)
        if (!isOfIt) continue
        for (const shardId of program.orders.keys()) program.forget(shardId)
        program.end()
        clock.after(takesInput ? END_GRACE_MS : 0, () => programs.get(key) === program && program.kill())
      }
    },
    list(run, sessionId) {
      const id = randomBytes(9).toString('base64url')
      const key = sessionId ?? LIST + id
      return new Promise<SessionTest[]>((resolve, reject) => {
        const limit = clock.after(listMs, () => settleList({ event: 'listed', id, error: unlisted(listMs) }))
        lists.set(id, { key, resolve, reject, limit })
        if (!takesInput) return void spawnFor(key, key, { list: { id, run } })
        if (sessionId !== undefined) return programOf(key).tell({ list: { id, run } })
        const program = spawn(key, key, [])
        program.tell({ list: { id, run } })
        program.end()
      })
    },
    get sessions() {
      const keys = takesInput ? [...programs.keys()].filter((key) => !key.startsWith(LIST)) : []
      const ordered = [...programs.values()].flatMap(({ orders }) => [...orders.values()].map(({ sessionId }) => sessionId))
      return [...new Set([...keys, ...ordered])]
    },
    get held() {
      return [...programs.values()].flatMap(({ orders }) =>
        [...orders.values()].map(({ shardId, attempt }) => ({ shardId, attempt })),
      )
    },
  }
}

interface PendingList {
  /** Of the program that was asked. */
  key: string
  resolve(tests: SessionTest[]): void
  reject(error: EverwarmError): void
  limit: Timer
}

/** In ASCII, so that no letter is cut in two. */
function cut(json: string): string[] {
  const text = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += ARGUMENT_CHARS) pieces.push(text.slice(at, at + ARGUMENT_CHARS))
  return pieces
}

const unlisted = (listMs: number) => ({
  code: 'LIST_FAILED',
  message: `The worker gave no list of tests within ${listMs} ms.`,
  hint: 'Give the session its `tests`, or look at the worker’s output.',
})
