import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { realProject, type RealProject } from '../support/real-run.ts'

let project: RealProject
let server: Server | undefined
afterEach(() => {
  server?.close()
  server = undefined
  project.remove()
})

interface Received {
  url: string
  headers: Record<string, unknown>
  spans: {
    traceId: string
    parentSpanId?: string
    name: string
    start: bigint
    end: bigint
    attributes: Record<string, string>
  }[]
  service: string
}

/** A receiver of OTLP over HTTP. */
async function receiver(status = 200): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const [{ resource, scopeSpans }] = JSON.parse(text).resourceSpans
    const read = (list: { key: string; value: object }[]) =>
      Object.fromEntries(list.map(({ key, value }) => [key, String(Object.values(value)[0])]))
    received.push({
      url: request.url!,
      headers: request.headers,
      service: read(resource.attributes)['service.name']!,
      spans: scopeSpans[0].spans.map((span: any) => ({
        ...span,
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        attributes: read(span.attributes),
      })),
    })
    response.writeHead(status).end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

const PASSES = `import { test } from 'vitest'; test('passes', () => {})`
const TRACE = '0af7651916cd43dd8448eb211c80319c'

test('every lease is sent as two spans, below the span of the caller', async () => {
  const { url, received } = await receiver()
  project = realProject({ 'a.test.ts': PASSES, 'b.test.ts': PASSES })
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x,tenant=a',
    OTEL_SERVICE_NAME: 'shop',
    TRACEPARENT: `00-${TRACE}-b7ad6b7169203331-01`,
  }
  const startedNs = BigInt(Date.now() - 1000) * 1_000_000n
  const { code, stderr } = await project.run({ env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(received).toHaveLength(1)
  const [{ spans, ...about }] = received as [Received]
  expect(about).toMatchObject({ url: '/v1/traces', service: 'shop', headers: { authorization: 'Bearer x', tenant: 'a' } })
  expect(spans.map(({ name }) => name)).toEqual(['everwarm.lease.wait', 'everwarm.lease'])
  for (const { traceId, parentSpanId, start, end, attributes } of spans) {
    expect({ traceId, parentSpanId }).toEqual({ traceId: TRACE, parentSpanId: 'b7ad6b7169203331' })
    expect(start).toBeGreaterThan(startedNs)
    expect(end).toBeGreaterThanOrEqual(start)
    expect(attributes).toMatchObject({ 'everwarm.root': project.root, 'everwarm.host.served': '0' })
    expect(attributes['everwarm.lease.id']).toBe(spans[0]!.attributes['everwarm.lease.id'])
  }
  expect(spans[1]!.attributes['everwarm.lease.outcome']).toBe('clean')
  expect(spans[1]!.start).toBeGreaterThanOrEqual(spans[0]!.end - 1000n)
})

test('a receiver that refuses, or is not there, costs one line and no verdict', async () => {
  const { url } = await receiver(503)
  project = realProject({ 'a.test.ts': PASSES })
  const refused = await project.run({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } })
  expect(refused.code).toBe(0)
  expect(refused.stderr).toMatch(
    /^everwarm: traces of leases were not sent \(503 Service Unavailable\); see OTEL_EXPORTER_OTLP_ENDPOINT.*\n$/,
  )
  const gone = await project.run({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' } })
  expect(gone.code).toBe(0)
  expect(gone.stderr).toMatch(/^everwarm: traces of leases were not sent \(.+\n$/)
})

test.for<Record<string, string>>([
  { OTEL_TRACES_EXPORTER: 'none' },
  { OTEL_SDK_DISABLED: 'true' },
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
])('with %o nothing is sent', async (off) => {
  const { url, received } = await receiver()
  project = realProject({ 'a.test.ts': PASSES })
  const { code, stderr } = await project.run({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...off } })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(received).toEqual([])
})
