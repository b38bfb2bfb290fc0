import type { ShardInput } from '../../../src/contracts/shard-run.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { lineCutter } from '../../../src/system/lines.ts'
import type { TestHost } from '../../../src/worker/shards/host-types.ts'
import { shardDesk } from '../../../src/worker/shards/shard-desk.ts'
import { expectedOf } from './expected.ts'

/**
 * The program that runs shards, its desk the real one, with a host that takes neither time to load nor CPU: each test waits
 * for as long as its id says, and its verdict follows from its id as well. Its title is the session, so that it can be found.
 */
const host: TestHost = {
  run(_order, tests, { started, result }) {
    let isStopped = false
    const ended = (async () => {
      for (const { id } of tests) {
        if (isStopped) break
        const { waitMs, ...verdict } = expectedOf(id)
        started(id)
        await new Promise<void>((resolve) => void setTimeout(resolve, waitMs))
        if (!isStopped) result({ result: { testId: id, duration: waitMs, ...verdict } })
      }
      return undefined
    })()
    return { ended, stop: () => Promise.resolve(void (isStopped = true)) }
  },
  list: () => Promise.resolve([]),
  close() {},
}
const desk = shardDesk({
  say: (output) => void process.stdout.write(`${JSON.stringify(output)}\n`),
  openHost: () => host,
  complete: ({ result }) => Promise.resolve(result),
  onHeld: (running) => void (process.connected && process.send!({ running }, undefined, undefined, () => {})),
  clock: systemClock,
})
process.on('disconnect', () => process.exit(1))
process.stdout.on('error', () => process.exit(1))
process.stdin.on('data', lineCutter(take)).once('end', () => void desk.finish().then(() => process.exit(0)))

function take(line: string): void {
  let input: ShardInput
  try {
    input = JSON.parse(line) as ShardInput
  } catch {
    // Half a line, which a lost connection has cut, or the empty one that ends it.
    return
  }
  if ('shard' in input) process.title = input.shard.sessionId
  desk.take(input)
}
