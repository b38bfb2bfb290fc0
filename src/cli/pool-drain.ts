import { type Command, refusePositionals } from './command.ts'
import { withDaemon } from './with-daemon.ts'

export const poolDrain: Command = {
  options: {},
  help: ['Never starts a daemon.'],
  async run(given) {
    refusePositionals(given)
    const drained = await withDaemon(given, 'everwarm pool drain', (client) => client.drain())
    given.print(
      drained === null
        ? 'No daemon runs.'
        : `${drained.retired} ${drained.retired === 1 ? 'host ends' : 'hosts end'}, now or when given back.`,
    )
  },
}
