import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import type { DownFrame, HeldShard, RunningProcess, Welcome } from '../contracts/worker-link.ts'
import { spawnProcess } from '../system/spawn.ts'
import { allowedCommand, type CommandRules } from './commands.ts'
import { groupReaper } from './reaper.ts'
import { type FrameSink, neverStarted, type ServedProcess, servedProcess } from './served-process.ts'

/** The processes of one worker, over all its connections. */
export interface SpawnService {
  receive(frame: Extract<DownFrame, { id: string }>): void
  readonly running: RunningProcess[]
  /** A new connection: what goes on and what is stopped. */
  welcome(welcome: Pick<Welcome, 'keep' | 'stop'>): void
  /** The connection takes more. */
  flush(): void
  /** Shards that its programs say they have. */
  readonly held: HeldShard[]
  /** Nothing runs but programs without shards, and all they have said is acknowledged. */
  readonly isIdle: boolean
  /** For all shard programs that run. */
  tellPrograms(message: object): void
  /** Runs whenever `held` or `isIdle` may have changed. */
  onChange(listener: () => void): void
  /** Ends all, with all they have started. */
  stopAll(): void
  close(): void
}

const MOST_PROCESSES = 1_024

/** @param folder removed when the worker ends, however it does */
export function spawnService(rules: CommandRules, sink: FrameSink, folder?: string): SpawnService {
  const processes = new Map<string, ServedProcess>()
  const heldBy = new Map<string, HeldShard[]>()
  const reaper = groupReaper(folder)
  let onChange = () => {}

  const hold = (id: string, held: HeldShard[]) => {
    if (held.length === 0) heldBy.delete(id)
    else heldBy.set(id, held)
    onChange()
  }
  const spawn = ({ id, spawn: [command, args, options] }: Extract<DownFrame, { spawn: unknown }>) => {
    if (processes.has(id)) throw new EverwarmError('COMMAND_REFUSED', { message: `There is a process "${id}" already.` })
    if (processes.size >= MOST_PROCESSES)
      throw new EverwarmError('COMMAND_REFUSED', { message: `There are ${MOST_PROCESSES} processes already.` })
    const allowed = allowedCommand(rules, command, args, options)
    const child = spawnProcess(allowed.command, allowed.args, {
      cwd: allowed.cwd,
      env: allowed.env,
      // A group of its own, which ends as a whole.
      detached: true,
      stdio: allowed.isShardProgram ? ['pipe', 'pipe', 'pipe', 'ipc'] : 'pipe',
    })
    if (!child.stdout || !child.stderr)
      throw new EverwarmError('COMMAND_REFUSED', { message: 'This worker has too many files open.' })
    const { pid } = child
    if (pid !== undefined) reaper.add(pid)
    child.on('message', (message) => hold(id, heldShards(message)))
    child.once('exit', () => hold(id, []))
    child.once('close', () => void (pid !== undefined && reaper.remove(pid)))
    const { isShardProgram } = allowed
    const onDone = () => {
      processes.delete(id)
      onChange()
    }
    processes.set(id, servedProcess({ id, note: options.note, isShardProgram, child, sink, onTaken: () => onChange(), onDone }))
  }
  const stop = (id: string) => {
    processes.get(id)?.stop()
    processes.delete(id)
  }
  return {
    receive(frame) {
      if (!('spawn' in frame)) return processes.get(frame.id)?.receive(frame)
      try {
        spawn(frame)
      } catch (error) {
        sink.send(neverStarted(frame.id, errorFromData(error).toJSON()))
      }
    },
    get running() {
      return [...processes.values()].map(({ running }) => running)
    },
    welcome({ keep, stop: stopped }) {
      const going = new Set(keep.filter((offsets) => processes.get(offsets.id)?.resume(offsets)).map(({ id }) => id))
      for (const id of processes.keys()) if (!going.has(id) || stopped.includes(id)) stop(id)
      for (const process of processes.values()) process.flush()
    },
    flush() {
      for (const process of processes.values()) process.flush()
    },
    get held() {
      return [...heldBy.values()].flat()
    },
    get isIdle() {
      return [...processes].every(([id, { isShardProgram, isTaken }]) => isTaken && isShardProgram && !heldBy.has(id))
    },
    tellPrograms(message) {
      for (const process of processes.values()) process.tell(message)
    },
    onChange: (listener) => void (onChange = listener),
    stopAll() {
      for (const id of processes.keys()) stop(id)
    },
    close: () => reaper.close(),
  }
}

/** Programs are told by nobody else, yet what they run may write there, too. */
function heldShards(message: unknown): HeldShard[] {
  const { running } = (message ?? {}) as { running?: unknown }
  if (!Array.isArray(running)) return []
  return running
    .filter((held) => typeof held?.shardId === 'string' && Number.isInteger(held.attempt))
    .map(({ shardId, attempt }) => ({ shardId, attempt }))
}
