import { setTimeout as after } from 'node:timers/promises'
import { EverwarmError } from '../../contracts/errors.ts'
import type { Clock } from '../../system/clock.ts'
import type { SiteCommand, SiteProcess } from '../executor.ts'
import type { Cluster } from './cluster.ts'
import type { ExecTarget } from './exec-session.ts'
import { followCommand, type MainProcess, Refusal } from './follow-command.ts'
import { INTERNAL, OWN_VARIABLE } from './lifeline-script.ts'
import { noWorkingFolder } from '../no-working-folder.ts'
import { commandLines, NO_FOLDER, NO_PROGRAM } from './quote.ts'
import { openSignaller, pauseAll, resumeAll, type Signaller, stopAll } from './signal-processes.ts'

/** One container of a site, in which commands run. */
export interface CommandPlace {
  cluster: Cluster
  target: ExecTarget
  clock: Clock
  /** Main processes of commands that run in it now. */
  mains: Set<number>
  /** Variables that are not the command's. */
  hidden: readonly string[]
  /** Resolves, with the reason, when the pod or this container is gone. */
  lost: Promise<string>
}

let count = 0

/** @throws EverwarmError COMMAND_NOT_STARTED, SITE_LOST */
export async function startInPod(place: CommandPlace, command: SiteCommand, cwd: string): Promise<SiteProcess> {
  const { argv, env, hear } = command
  if (!argv || argv.length === 0) throw withoutProgram(command)
  const { cluster, target, clock, mains, hidden, lost } = place
  const folder = `${INTERNAL}/${target.container}-${(count += 1)}`
  const lines = commandLines({ argv, env, cwd }, [OWN_VARIABLE, ...hidden])
  const followed = followCommand({ cluster, target, folder, lines, hear, clock, lost })
  const main = await followed.began.catch((error: unknown) => {
    throw notStarted(error, argv[0]!, cwd, target)
  })
  mains.add(main.pid)
  const ended = followed.ended.then((end) => {
    mains.delete(main.pid)
    return end
  })
  return processOf(place, main, ended)
}

const TRIES = 10
const BETWEEN_TRIES_MS = 200

function processOf(place: CommandPlace, main: MainProcess, ended: SiteProcess['ended']): SiteProcess {
  const { cluster, target, clock, mains, lost } = place
  const gone = new AbortController()
  void lost.then(() => gone.abort())
  const others = () => new Set([...mains].filter((pid) => pid !== main.pid))
  const withSignaller = async (act: (signaller: Signaller) => Promise<void>) => {
    for (let tries = 0; tries < TRIES && !gone.signal.aborted; tries += 1) {
      const signaller = await openSignaller(cluster, target, main, others).catch(() => undefined)
      const isDone =
        signaller &&
        (await act(signaller).then(
          () => true,
          // It broke on the way: what is to be done is found out again.
          () => false,
        ))
      signaller?.close()
      if (isDone) return
      await after(BETWEEN_TRIES_MS)
    }
  }
  return {
    ended,
    pause: () => withSignaller(pauseAll),
    resume: () => withSignaller(resumeAll),
    stop: (graceMs) => withSignaller((signaller) => stopAll(signaller, graceMs, clock)),
  }
}

const withoutProgram = ({ ref }: SiteCommand) =>
  new EverwarmError('COMMAND_NOT_STARTED', {
    message: `The command ${ref} names no program, and on Kubernetes nobody says which one its image would run.`,
    hint: 'Say `command` (and `args`), or `shell`.',
  })

function notStarted(error: unknown, program: string, cwd: string, { pod, container }: ExecTarget): unknown {
  if (!(error instanceof Refusal)) return error
  if (error.message === String(NO_FOLDER)) return noWorkingFolder(program, cwd)
  const why = {
    [NO_PROGRAM]: {
      message: `There is no program ${program} in the container ${container} of ${pod}.`,
      hint: 'Look at `command` and `image`.',
    },
  }[error.message]
  return new EverwarmError(
    'COMMAND_NOT_STARTED',
    why ?? {
      message: `${program} was not started in the container ${container} of ${pod}: ${error.message}.`,
      hint: 'The image needs sh, head, cat, dd, wc, rm, mkdir and mkfifo, and a POSIX shell to run them.',
    },
  )
}
