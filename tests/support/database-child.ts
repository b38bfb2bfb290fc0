import { createInterface } from 'node:readline'
import { openDatabase } from '../../src/database/open.ts'

/** Opens a database and does what its standard input says: `sql …`, `notify <channel> <text>`, `listen <channel>`. */
const [folder, cacheFolder, url] = process.argv.slice(2) as [string, string, string?]
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`)
try {
  const database = await openDatabase({ folder, cacheFolder, url: url || undefined, migrations: [] })
  say('open')
  for await (const line of createInterface({ input: process.stdin })) {
    const [, verb, rest] = /^(\w+) (.*)$/.exec(line)!
    if (verb === 'sql') say(await database.query(rest!))
    if (verb === 'notify') {
      const [channel, ...text] = rest!.split(' ')
      await database.notify(channel!, text.join(' '))
      say('notified')
    }
    if (verb === 'listen') {
      await database.listen(
        rest!,
        (payload) => say({ payload }),
        () => undefined,
      )
      say('listening')
    }
  }
  await database.close()
} catch (error) {
  say(error)
}
