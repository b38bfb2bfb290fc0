import { get } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { CoordinatorEvent } from '../../src/contracts/session-events.ts'
import { readServerSentEvents } from '../../src/coordinator/http/event-stream.ts'
import { dialWebSocket } from '../../src/system/web-socket.ts'

/**
 * Watchers of one coordinator: half by server-sent events, half by WebSocket, and some that hardly read. Says `there` when all
 * are connected, and at the end of its input how long events took from who said them to here, ms, and how many each has seen.
 */
const options = JSON.parse(process.argv[2]!) as { url: string; token: string; watchers: number; slow: number }
const headers = { authorization: `Bearer ${options.token}` }
const delays: number[] = []
const seen: number[] = []
const nowMs = () => performance.timeOrigin + performance.now()
let there = 0
const arrive = () => void (++there === options.watchers && process.stdout.write('there\n'))

function take(index: number, json: string): void {
  // Unchecked: fifty watchers on one core must not take from the coordinator what is measured.
  const { type, data } = JSON.parse(json) as CoordinatorEvent
  if (type !== 'test:completed') return
  seen[index] = (seen[index] ?? 0) + 1
  delays.push(nowMs() - Number(data['duration']))
}

for (let index = 0; index < options.watchers; index++)
  if (index < options.slow)
    get(`${options.url}/api/events`, { headers }, (response) => {
      arrive()
      void (async () => {
        for await (const _chunk of response) await wait(1_000)
      })()
    })
  else if (index % 2 === 0)
    get(`${options.url}/api/events`, { headers }, (response) => {
      arrive()
      void (async () => {
        for await (const { data } of readServerSentEvents(response)) if (data !== '') take(index, data)
      })()
    })
  else
    dialWebSocket(
      `${options.url.replace('http', 'ws')}/api/events`,
      { headers, maxBytes: 1_048_576, timeoutMs: 10_000 },
      (socket) => {
        socket.onText((text) => take(index, text))
        arrive()
      },
      (fault) => process.stderr.write(`${fault.message}\n`),
    )
process.stdin
  .resume()
  .once('end', () => process.stdout.write(`delays ${JSON.stringify({ delays, seen })}\n`, () => process.exit(0)))
