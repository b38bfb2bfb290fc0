import { connect, type Socket } from 'node:net'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Channel, openChannel } from '../../system/channel.ts'
import { frameSocket } from '../../system/frames.ts'
import { findGroup } from './group-folder.ts'
import type { KeeperFunctions } from './keeper-wire.ts'

/** Asks whoever holds a group. @throws EverwarmError GROUP_UNKNOWN, SERVICE_FAILED, and what it answers */
export async function askKeeper<Answer>(
  folder: string,
  group: string,
  ask: (channel: Pick<Channel<KeeperFunctions>, 'call'>) => Promise<Answer>,
): Promise<Answer> {
  const { socket: path, token } = findGroup(folder, group)
  const socket = await reach(path, group)
  try {
    const channel = openChannel<KeeperFunctions, Record<never, never>>(frameSocket(socket), {}, { closed: () => lost(group) })
    await channel.call('hello', { token })
    return await ask(channel)
  } finally {
    socket.destroy()
  }
}

function reach(path: string, group: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => reject(lost(group)))
  })
}

const lost = (group: string) =>
  new EverwarmError('SERVICE_FAILED', {
    message: `Whoever holds the services of the group "${group}" does not answer: it has ended, or was killed.`,
    hint: 'What it has started ends with it.',
  })
