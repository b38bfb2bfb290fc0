import { EverwarmError } from '../../contracts/errors.ts'
import type { ProcessEnd, SiteCommand, SiteProcess } from '../executor.ts'
import { noWorkingFolder } from '../no-working-folder.ts'
import { endOf } from './ends.ts'
import type { ImageInfo } from './engine.ts'
import { type Began, type RunningExec } from './exec.ts'
import type { IdleContainer } from './idle-container.ts'

/** Commands of one container. */
export interface Commands {
  start(command: SiteCommand): Promise<SiteProcess>
  /** Something of ours, which is not stopped with a command that runs beside it. */
  beside(begun: RunningExec): Promise<void>
}

export function createCommands(idle: IdleContainer): Commands {
  /** Of those that run now. */
  const sessions = new Set<number>()

  function live(began: Began, exitCode: Promise<unknown>): void {
    sessions.add(began.pid)
    void exitCode.then(() => sessions.delete(began.pid))
  }
  const others = (began: Began) => [...sessions].filter((pid) => pid !== began.pid).map(String)

  return {
    async start(command) {
      const argv = command.argv ?? imageCommand(idle.image)
      const { hear, container } = command
      const env = { ...oddOf(idle.environment), ...command.env }
      const cwd = command.cwd ?? container.workingDir ?? (idle.image.Config.WorkingDir || '/data/repo')
      const exec = await idle.exec({ argv, env, cwd, listen: hear })
      const began = await exec.began
      if (began === undefined) throw await neverBegan(argv[0] ?? '', cwd, exec)
      live(began, exec.exitCode)
      const ended = exec.exitCode.then((code) => endWithReason(idle, code))
      const since = String(began.startedAt)
      // Of a container that is gone nothing is left to be told anything.
      const unlessLost = (order: Promise<unknown>) => order.then(noop, (error: unknown) => rethrowUnlessLost(error))
      return {
        ended,
        pause: () => unlessLost(idle.order('ew_pause', since, ...others(began))),
        resume: () => unlessLost(idle.order('ew_resume', since, ...others(began))),
        async stop(graceMs) {
          await unlessLost(stopAll(idle, graceMs, [since, ...others(began)]))
          await ended
        },
      }
    },
    async beside(begun) {
      const began = await begun.began
      if (began) live(began, begun.exitCode)
    },
  }
}

/** A shell stands before commands, and does not hand on what it could not have named itself. */
const oddOf = (env: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^\w+$/.test(name)))

async function stopAll(idle: IdleContainer, graceMs: number, whose: readonly string[]): Promise<void> {
  const tenths = String(Math.ceil(Math.max(0, graceMs) / 100))
  // What not even root can end ends with its container.
  if (!(await idle.order('ew_stop', tenths, ...whose))) await idle.remove()
}

async function endWithReason(idle: IdleContainer, code: number | undefined): Promise<ProcessEnd> {
  const end = endOf(code)
  if (end.signal !== 'SIGKILL') return end
  try {
    return (await idle.newOomKills()) > 0 ? { reason: 'OOMKilled' } : end
  } catch {
    // Its container has gone, and it with it.
    return { reason: 'lost' }
  }
}

async function neverBegan(program: string, cwd: string, exec: RunningExec): Promise<EverwarmError> {
  await exec.exitCode
  const said = exec.why().replace(/\.+$/, '')
  // What runtimes say of the folder in which they begin.
  if (/\bchdir\b/.test(said)) return noWorkingFolder(program, cwd)
  return new EverwarmError('COMMAND_NOT_STARTED', {
    message:
      said === '' ? `There is no program "${program}" in the container.` : `"${program}" did not start in ${cwd}: ${said}.`,
    hint: 'Look at the name, at PATH, at the folder, and at what the image holds.',
  })
}

/** @throws EverwarmError COMMAND_NOT_STARTED */
export function imageCommand({ Config: { Entrypoint: entrypoint, Cmd: cmd }, Id: id }: ImageInfo): string[] {
  const list = (value: string | string[] | null | undefined) =>
    typeof value === 'string' ? ['/bin/sh', '-c', value] : (value ?? [])
  const argv = [...list(entrypoint), ...list(cmd)]
  if (argv.length > 0) return argv
  throw new EverwarmError('COMMAND_NOT_STARTED', {
    message: `The image ${id} does not say what it runs.`,
    hint: 'Give the step a `command`.',
  })
}

function noop(): void {}
function rethrowUnlessLost(error: unknown): void {
  if (!(error instanceof EverwarmError) || error.code !== 'SITE_LOST') throw error
}
