import { setTimeout as wait } from 'node:timers/promises'
import type { ShardInput, ShardOrder, ShardOutput } from '../../src/contracts/shard-run.ts'
import { type DownFrame, LINK_PROTOCOL } from '../../src/contracts/worker-link.ts'
import { type LinkClient, linkClient } from '../../src/worker/link-client.ts'

/**
 * Many workers in one process, each with a link of its own: they answer as a worker does whose program is at once through
 * with a test, or after `testMs`. What they say carries the time at which it was said, as the duration of the result.
 * Says `there` when all are connected, and at the end of its input how long results took to be acknowledged, ms.
 */
const options = JSON.parse(process.argv[2]!) as { url: string; token: string; first: number; count: number; testMs: number }
const latencies: number[] = []
const nowMs = () => performance.timeOrigin + performance.now()
let welcome = 0

interface Spoken {
  endOffset: number
  atMs: number
}

function worker(index: number): void {
  const programs = new Map<string, { offset: number; spoken: Spoken[]; rest: string }>()
  const client: LinkClient = linkClient({
    url: options.url,
    token: () => options.token,
    hello: () => ({
      protocol: LINK_PROTOCOL,
      worker: { id: `crowd-${index}`, name: `crowd-${index}`, type: 'remote', capabilities: { browsers: [], maxConcurrent: 1 } },
      features: ['stdin', 'resume'],
      running: [],
    }),
    onWelcome: () => void (++welcome === options.count && process.stdout.write('there\n')),
    onFrame: (frame) => receive(frame),
    onReady: () => {},
    onDown: (why) => process.stderr.write(`worker ${index}: ${why.message}\n`),
    onRefused: () => false,
  })
  const say = (id: string, output: ShardOutput) => {
    const program = programs.get(id)
    if (!program) return
    const line = Buffer.from(`${JSON.stringify(output)}\n`)
    client.send({ id, event: 'stdout', offset: program.offset, data: line.toString('base64') })
    program.offset += line.length
    if (output.event === 'result') program.spoken.push({ endOffset: program.offset, atMs: nowMs() })
  }
  const run = async (id: string, { shardId, attempt, tests }: ShardOrder) => {
    for (const { id: testId } of tests) {
      say(id, { event: 'test-started', shardId, attempt, testId })
      if (options.testMs > 0) await wait(options.testMs)
      say(id, { event: 'result', shardId, attempt, result: { testId, status: 'passed', duration: nowMs() } })
    }
    say(id, { event: 'shard-ended', shardId, attempt })
  }
  const receive = (frame: Exclude<DownFrame, { welcome: unknown } | { error: unknown }>) => {
    if (!('id' in frame)) return
    const { id } = frame
    const program = programs.get(id)
    if ('spawn' in frame) programs.set(id, { offset: 0, spoken: [], rest: '' })
    else if (!program) return
    else if ('stdin' in frame) {
      const lines = (program.rest + Buffer.from(frame.stdin, 'base64').toString()).split('\n')
      program.rest = lines.pop()!
      for (const line of lines) {
        const input = line === '' ? undefined : (JSON.parse(line) as ShardInput)
        if (input && 'shard' in input) void run(id, input.shard)
      }
      if (frame.end) close(id)
    } else if ('ack' in frame) {
      while (program.spoken.length > 0 && program.spoken[0]!.endOffset <= (frame.ack.stdout ?? 0))
        latencies.push(nowMs() - program.spoken.shift()!.atMs)
      if (frame.ack.close) programs.delete(id)
    } else close(id)
  }
  const close = (id: string) => client.send({ id, event: 'close', code: 0, signal: null })
}

for (let index = options.first; index < options.first + options.count; index++) {
  worker(index)
  // A server's line of connections is 511 long.
  if (index % 50 === 49) await wait(50)
}
process.stdin.resume().once('end', () => process.stdout.write(`latencies ${JSON.stringify(latencies)}\n`, () => process.exit(0)))
