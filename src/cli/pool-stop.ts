import { type Command, refusePositionals } from './command.ts'
import { withDaemon } from './with-daemon.ts'

export const poolStop: Command = {
  options: {},
  help: ['Runs in progress lose their hosts. Never starts a daemon.'],
  async run(given) {
    refusePositionals(given)
    const pid = await withDaemon(given, 'everwarm pool stop', async (client) => {
      await client.stop()
      return client.welcome.pid
    })
    given.print(pid === null ? 'No daemon runs.' : `The daemon (process ${pid}) has ended, and all its hosts.`)
  },
}
