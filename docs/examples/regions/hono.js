// One server that is both: an orchestrator, and the region that it sends to. PORT=3000 node hono.js
import { serve } from '@hono/node-server'
import { createOrchestratorHandler } from 'everwarm/orchestrator'
import { createRunnerHandler } from 'everwarm/runner'
import { Hono } from 'hono'
import * as runners from './runners.js'

const orchestrator = createOrchestratorHandler()
const region = createRunnerHandler({ runners, region: 'us-east-1' })

const app = new Hono()
app.all('/api/orchestrator/*', (c) => orchestrator(c.req.raw))
app.all('/api/runner/*', (c) => region(c.req.raw))

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 0), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/api/orchestrator`)
})
