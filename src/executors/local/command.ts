import { stat } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import { EverwarmError } from '../../contracts/errors.ts'
import type { Clock } from '../../system/clock.ts'
import type { GroupReaper } from '../../system/group-reaper.ts'
import type { Hear, SiteProcess } from '../executor.ts'
import { noWorkingFolder } from '../no-working-folder.ts'
import { readOutput } from './output.ts'
import type { Spawn, Spawned } from './spawn-here.ts'
import { COMMAND_MARK, type Belonging, isGroupThere, killAll, membersOf, pauseAll, resumeAll, signalAll } from './process-tree.ts'

export interface CommandOptions {
  argv: readonly string[] | undefined
  env: Readonly<Record<string, string>>
  cwd: string
  hear: Hear
  /** Of this command alone; its environment has it. */
  mark: string
  spawn: Spawn
  reaper: GroupReaper
  clock: Clock
}

export interface LocalProcess extends SiteProcess {
  readonly groupId: number
  /** Somebody of its group lives, also after its end. */
  isThere(): boolean
  /** Names of its pipes that somebody holds open, wherever it has gone. */
  openPipes(): readonly string[]
  /** Reads no more of what others say on its streams, after its end. */
  drop(): void
}

/** @throws EverwarmError COMMAND_NOT_STARTED */
export async function startCommand(options: CommandOptions): Promise<LocalProcess> {
  const { clock, hear, mark, reaper } = options
  const { pid: groupId, stdout, stderr, pipes = [], exited } = await begin(options)
  const belonging: Belonging = { groupIds: [groupId], marks: [`${COMMAND_MARK}=${mark}`] }
  const output = readOutput({ stdout, stderr }, hear, clock)
  let hasExited = false
  reaper.add(groupId)
  const ended = exited.then(async (end) => {
    hasExited = true
    // Its number may be given again as soon as nobody is left in the group.
    if (!isGroupThere(groupId)) reaper.remove(groupId)
    // Of what runs unobserved nobody would know the end.
    if (end.reason !== undefined) await killAll(belonging)
    await output.finish()
    return end
  })

  return {
    groupId,
    ended,
    isThere: () => !hasExited || isGroupThere(groupId),
    openPipes: () => (output.isOpen() ? pipes : []),
    drop: () => void ended.then(output.drop),
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
        if ((await Promise.race([exited, isOver.promise])) !== 'over') await Promise.race([emptied(belonging), isOver.promise])
        timer.cancel()
      }
      await killAll(belonging)
      reaper.remove(groupId)
      // Not for its last output: who hears it may be the one who waits here.
      await exited
    },
  }
}

/** Resolves when nobody is left. */
async function emptied(belonging: Belonging): Promise<void> {
  for (let waitMs = 5; (await membersOf(belonging)).length > 0; waitMs = Math.min(waitMs * 2, 200)) await after(waitMs)
}

async function begin({ argv, env, cwd, spawn }: CommandOptions): Promise<Spawned> {
  const [program, ...args] = argv ?? []
  if (program === undefined || program === '') throw noProgram()
  try {
    return await spawn({ program, args, env, cwd })
  } catch (cause) {
    throw await faultOf(program, cwd, cause)
  }
}

const noProgram = () =>
  new EverwarmError('COMMAND_NOT_STARTED', {
    message: 'There is no program to run: commands of images are not known to the local executor.',
    hint: 'Name one by `command` or `shell`, or use the container executor.',
  })

async function faultOf(program: string, cwd: string, cause: unknown): Promise<EverwarmError> {
  // Ours say more than any code.
  if (cause instanceof EverwarmError) return cause
  const { code = String(cause) } = cause as NodeJS.ErrnoException
  const folder = await stat(cwd).catch(() => undefined)
  if (!folder?.isDirectory()) return noWorkingFolder(program, cwd, cause)
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
  SPAWNER_LOST: ['the process that begins others was killed', 'Run the workflow again.'],
  ERR_INVALID_ARG_VALUE: ['an argument or a variable has a NUL in it', 'Remove it.'],
}
