import { createInterface } from 'node:readline'
import { openShardQueue } from '../../src/coordinator/queue.ts'
import { openDatabase } from '../../src/database/open.ts'

/** Opens the line of shards of a database and does what its standard input says, each a line of JSON. */
const [folder, cacheFolder, url] = process.argv.slice(2) as [string, string, string?]
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`)
const database = await openDatabase({ folder, cacheFolder, url: url || undefined, migrations: [] })
const queue = await openShardQueue(database, { leaseSeconds: 10 })
say('open')
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...args] = JSON.parse(line) as ['add' | 'take', ...never[]]
  say((await (queue[verb] as (...args: never[]) => Promise<unknown>)(...args)) ?? null)
}
