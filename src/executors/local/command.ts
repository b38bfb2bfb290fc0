import type { ChildProcess } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import { EverwarmError } from '../../contracts/errors.ts'
import type { Clock } from '../../system/clock.ts'
import type { GroupReaper } from '../../system/group-reaper.ts'
import { spawnProcess } from '../../system/spawn.ts'
import type { Hear, ProcessEnd, SiteProcess } from '../executor.ts'
import { readOutput } from './output.ts'
import { COMMAND_MARK, type Belonging, isGroupThere, killAll, membersOf, pauseAll, resumeAll, signalAll } from './process-tree.ts'

export interface CommandOptions {
  argv: readonly string[] | undefined
  env: Readonly<Record<string, string>>
  cwd: string
  hear: Hear
  /** Of this command alone; its environment has it. */
  mark: string
  reaper: GroupReaper
  clock: Clock
}

export interface LocalProcess extends SiteProcess {
  readonly groupId: number
  /** Somebody of its group lives, also after its end. */
  isThere(): boolean
}

/** @throws EverwarmError COMMAND_NOT_STARTED */
export async function startCommand(options: CommandOptions): Promise<LocalProcess> {
  const { clock, hear, mark, reaper } = options
  const child = await begin(options)
  const groupId = child.pid!
  const belonging: Belonging = { groupIds: [groupId], marks: [`${COMMAND_MARK}=${mark}`] }
  const output = readOutput({ stdout: child.stdout!, stderr: child.stderr! }, hear, clock)
  const exited = Promise.withResolvers<ProcessEnd>()
  let hasExited = false
  reaper.add(groupId)
  child.once('exit', (code, signal) => {
    hasExited = true
    // Its number may be given again as soon as nobody is left in the group.
    if (!isGroupThere(groupId)) reaper.remove(groupId)
    exited.resolve(code === null ? { signal: signal! } : { exitCode: code })
  })
  const ended = exited.promise.then(async (end) => {
    await output.finish()
    return end
  })

  return {
    groupId,
    ended,
    isThere: () => !hasExited || isGroupThere(groupId),
    pause: () => pauseAll(belonging),
    resume: () => resumeAll(belonging),
    async stop(graceMs) {
      if (graceMs > 0) {
        const members = await membersOf(belonging)
        signalAll(members, 'SIGTERM')
        // Who stands still hears nothing.
        signalAll(members, 'SIGCONT')
        const isOver = Promise.withResolvers<'over'>()
        const timer = clock.after(graceMs, () => isOver.resolve('over'))
        if ((await Promise.race([exited.promise, isOver.promise])) !== 'over')
          await Promise.race([emptied(belonging), isOver.promise])
        timer.cancel()
      }
      await killAll(belonging)
      reaper.remove(groupId)
      await ended
    },
  }
}

/** Resolves when nobody is left. */
async function emptied(belonging: Belonging): Promise<void> {
  for (let waitMs = 5; (await membersOf(belonging)).length > 0; waitMs = Math.min(waitMs * 2, 200)) await after(waitMs)
}

function begin({ argv, env, cwd }: CommandOptions): Promise<ChildProcess> {
  const [program, ...args] = argv ?? []
  if (program === undefined || program === '') throw noProgram()
  const { promise, resolve, reject } = Promise.withResolvers<ChildProcess>()
  const fail = (cause: unknown) => void faultOf(program, cwd, cause).then(reject)
  try {
    // A group of its own, which ends as a whole.
    const child = spawnProcess(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    child.once('spawn', () => resolve(child))
    // Stays: without a listener a later one would end this process.
    child.on('error', fail)
  } catch (cause) {
    fail(cause)
  }
  return promise
}

const noProgram = () =>
  new EverwarmError('COMMAND_NOT_STARTED', {
    message: 'There is no program to run: commands of images are not known to the local executor.',
    hint: 'Name one by `command` or `shell`, or use the container executor.',
  })

async function faultOf(program: string, cwd: string, cause: unknown): Promise<EverwarmError> {
  const { code = String(cause) } = cause as NodeJS.ErrnoException
  const folder = await stat(cwd).catch(() => undefined)
  if (!folder?.isDirectory())
    return new EverwarmError('COMMAND_NOT_STARTED', {
      message: `"${program}" was not started: there is no folder ${cwd}.`,
      hint: 'Set `workingDir` to a folder that is there, or make it in a step before.',
      cause,
    })
  const [why, hint] = WHY[code] ?? [`the system says ${code}`, 'Look at its arguments and at the limits of this user.']
  return new EverwarmError('COMMAND_NOT_STARTED', { message: `"${program}" was not started in ${cwd}: ${why}.`, hint, cause })
}

const WHY: Record<string, readonly [why: string, hint: string]> = {
  ENOENT: ['there is no such program', 'Install it, or put its folder on the PATH of whoever runs the workflow.'],
  EACCES: ['it may not be executed', 'Set its mode to 755, or run it by its interpreter.'],
  ENOEXEC: ['it is no program for this machine', 'Give a script a first line such as `#!/bin/sh`.'],
  E2BIG: ['its arguments and variables are too long', 'Hand long values over in a file.'],
  EAGAIN: ['there are too many processes', 'Lower `parallelism`, or raise the limit of processes.'],
  EMFILE: ['too many files are open', 'Lower `parallelism`, or raise the limit of open files.'],
  ERR_INVALID_ARG_VALUE: ['an argument or a variable has a NUL in it', 'Remove it.'],
}
