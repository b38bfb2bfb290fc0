import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { CONTROL_PROTOCOL, type ControlFunctions } from '../../contracts/workflow/control.ts'
import { type Channel, openChannel } from '../../system/channel.ts'
import { frameSocket } from '../../system/frames.ts'
import { CONTROL_FILE, type ControlPlace } from './control-server.ts'
import { type ExecutionFolder, isAlive } from './execution-folder.ts'
import { readResult } from './execution-result.ts'

const ANSWER_MS = 10_000

/**
 * Asks a running execution for something.
 * @throws EverwarmError EXECUTION_OVER; API_UNREACHABLE, API_TIMEOUT: it does not answer; TOKEN_REFUSED, PROTOCOL_MISMATCH, and what it answers
 */
export async function askExecution<Answer>(
  execution: ExecutionFolder,
  ask: (channel: Pick<Channel<ControlFunctions>, 'call'>) => Promise<Answer>,
  answerMs = ANSWER_MS,
): Promise<Answer> {
  const { id } = execution.about
  const place = placeOf(execution)
  const socket = await reach(place, execution)
  const late = setTimeout(() => socket.destroy(), answerMs)
  try {
    const channel = openChannel<ControlFunctions, Record<never, never>>(frameSocket(socket), {}, { closed: () => silent(id) })
    await channel.call('hello', { protocol: CONTROL_PROTOCOL, token: place.token })
    return await ask(channel)
  } finally {
    clearTimeout(late)
    socket.destroy()
  }
}

function placeOf(execution: ExecutionFolder): ControlPlace {
  try {
    return JSON.parse(readFileSync(join(execution.entry, CONTROL_FILE), 'utf8')) as ControlPlace
  } catch {
    // It is taken away at the end, and not yet there in the first moment.
    throw notRunning(execution)
  }
}

function reach({ socket: path }: ControlPlace, execution: ExecutionFolder): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => reject(notRunning(execution)))
  })
}

function notRunning(execution: ExecutionFolder): EverwarmError {
  const { id } = execution.about
  const result = readResult(execution)
  if (result) return over(`Execution ${id} is over: ${result.status}.`)
  if (!isAlive(execution)) return over(`Execution ${id} is over: its process was killed.`)
  return new EverwarmError('API_UNREACHABLE', {
    message: `Execution ${id} does not listen.`,
    hint: 'It may have begun, or ended, at this moment: ask again.',
  })
}

const over = (message: string) =>
  new EverwarmError('EXECUTION_OVER', { message, hint: '`everwarm workflow list` shows what runs.' })

const silent = (id: string) =>
  new EverwarmError('API_TIMEOUT', {
    message: `Execution ${id} has not answered.`,
    hint: 'It may be ending at this moment: look with `everwarm workflow status`.',
  })
