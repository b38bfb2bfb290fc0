import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, send, served } from './served.ts'
import { type Known, strangeRequest } from './strange-requests.ts'

/** More of them: `FUZZ_REQUESTS=1000000 npx vitest run tests/coordinator/http/fuzz.test.ts --testTimeout=0` */
const REQUESTS = Number(process.env.FUZZ_REQUESTS || 3_000)
const AT_ONCE = 16
const HANGS_MS = 15_000
const MOST_GROWTH_BYTES = 400 * 1_048_576

let there: Served
let known: Known
beforeAll(async () => {
  there = await served({ serve: { limits: { headersTimeoutMs: 2_000, requestTimeoutMs: 3_000 } } })
  const { token } = await there.coordinator.createEnrolment({ ttlMs: 60_000 })
  const { worker, credential } = await there.coordinator.enrol(token, { capabilities: { browsers: ['chromium'] } })
  const { id } = await there.coordinator.startSession({ tests: ['a', 'b'] })
  known = { sessionId: id, workerId: worker.id, credential }
})
afterAll(() => there.close())

/** All that is said until the socket is closed; `hung` if it is not. */
function talk(bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(there.server.port, '127.0.0.1')
    let said = ''
    const end = (word = '') => {
      clearTimeout(timer)
      socket.destroy()
      resolve(said + word)
    }
    const timer = setTimeout(() => end('hung'), HANGS_MS)
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1')
      // These two go on by design.
      if (/^HTTP\/1\.1 (101 |200 OK[^]*content-type: text\/event-stream)/.test(said)) end()
    })
    socket.on('close', () => end()).on('error', () => end())
    socket.end(bytes)
  })
}

/** What is wrong with an answer, if anything is. */
function fault(bytes: Buffer, said: string): string | undefined {
  if (said.endsWith('hung')) return 'it hangs'
  const answer = said.replace(/^(HTTP\/1\.1 100 Continue\r\n\r\n)+/, '')
  if (answer === '') return undefined
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1])
  if (!status) return 'it is no HTTP'
  if (status === 500) return 'it is a 500'
  if (status < 400 || bytes.subarray(0, 4).toString('latin1').toUpperCase() === 'HEAD') return undefined
  return /\{"code":"[A-Z_]+","message":"/.test(answer) ? undefined : 'it has no code'
}

test(
  `${REQUESTS} strange requests: each gets an answer with a code or a closed socket, and the process is as it was`,
  { timeout: 240_000 + REQUESTS * 20 },
  async () => {
    const statuses = new Map<string, number>()
    const seed = Number(process.env.FUZZ_SEED || Date.now() % 2 ** 31)
    const sample = fc.stream(fc.sample(strangeRequest(known), { numRuns: Math.min(REQUESTS, 2_000), seed }).values())
    let requests = [...sample]
    let [sent, growthFrom] = [0, 0]
    while (sent < REQUESTS) {
      if (sent > 0) requests = fc.sample(strangeRequest(known), { numRuns: Math.min(REQUESTS - sent, 2_000), seed: seed + sent })
      const waiting = [...requests]
      const lane = async () => {
        for (let bytes = waiting.pop(); bytes; bytes = waiting.pop()) {
          const said = await talk(bytes)
          const wrong = fault(bytes, said)
          expect(
            wrong,
            `seed ${seed}: ${wrong}\n${bytes.toString('latin1').slice(0, 2_000)}\n---\n${said.slice(0, 2_000)}`,
          ).toBeUndefined()
          const status = said.slice(9, 12) || 'closed'
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, lane))
      sent += requests.length
      growthFrom ||= process.memoryUsage().rss
    }
    expect(process.memoryUsage().rss - growthFrom).toBeLessThan(MOST_GROWTH_BYTES)
    expect((await send(there.server, '/api/workers/health')).status).toBe(200)
    expect(there.faults).toEqual([])
    // Otherwise the sample would try nothing: some get through, some are refused for what they are.
    expect([...statuses.keys()]).toEqual(
      expect.arrayContaining(['200', '201', '400', '401', '403', '404', '405', '415', '421', 'closed']),
    )
    if (REQUESTS > 3_000) console.info(Object.fromEntries(statuses), Math.round(process.memoryUsage().rss / 1_048_576), 'MB')
  },
)
