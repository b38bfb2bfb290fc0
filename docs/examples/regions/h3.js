// h3 is what Nitro serves by: there the line with `handler` is a file, `routes/api/orchestrator/[...].ts`. PORT=3000 node h3.js
import { createOrchestratorHandler } from 'everwarm/orchestrator'
import { H3, serve } from 'h3'

const handler = createOrchestratorHandler()
const app = new H3().all('/api/orchestrator/**', (event) => handler(event.req))

const server = serve(app, { port: Number(process.env.PORT ?? 0), hostname: '127.0.0.1', silent: true })
await server.ready()
console.log(new URL('/api/orchestrator', server.url).href)
