// PORT=3000 PLAYWRIGHT_RUNNERS='{"us-east-1":"http://127.0.0.1:4000/api/runner"}' node node-http.js
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { createOrchestratorHandler } from 'everwarm/orchestrator'

const handler = createOrchestratorHandler()

const server = createServer(async (incoming, outgoing) => {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD'
  const request = new Request(new URL(incoming.url, `http://${incoming.headers.host}`), {
    method: incoming.method,
    headers: new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    signal: gone.signal,
    ...(hasBody ? { body: Readable.toWeb(incoming), duplex: 'half' } : {}),
  })
  const answer = await handler(request)
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
  outgoing.end(Buffer.from(await answer.arrayBuffer()))
})

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/api/orchestrator`)
})
