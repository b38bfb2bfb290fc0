import { randomBytes } from 'node:crypto'
import type { Env } from './settings.ts'

/** Where and as whom spans are sent, by OpenTelemetry's own variables. */
export interface TraceTarget {
  url: string
  headers: Record<string, string>
  serviceName: string
  /** Of the span under which ours stand, if the caller has one. */
  parent: { traceId: string; spanId: string } | undefined
}

export interface Span {
  name: string
  /** ms since 1970, with fractions. */
  startMs: number
  endMs: number
  attributes: Record<string, string | number | boolean>
  /** What went wrong; undefined if nothing did. */
  error?: string
}

const SEND_MS = 2_000

/**
 * undefined: nobody asks for traces, or not for ones that are sent over HTTP.
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 * @see https://www.w3.org/TR/trace-context/ for TRACEPARENT
 */
export function traceTarget(env: Env): TraceTarget | undefined {
  if (env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return undefined
  if ((env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL) === 'grpc') return undefined
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, '')
  const url = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base ? `${base}/v1/traces` : '')
  if (!URL.canParse(url)) return undefined
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(env.TRACEPARENT ?? '') ?? []
  return {
    url,
    headers: pairs(env.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? env.OTEL_EXPORTER_OTLP_HEADERS ?? ''),
    serviceName: env.OTEL_SERVICE_NAME ?? 'everwarm',
    parent: traceId && spanId ? { traceId, spanId } : undefined,
  }
}

function pairs(text: string): Record<string, string> {
  const entries = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 ? [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())] as const] : []
  })
  return Object.fromEntries(entries)
}

/** All spans of one sender are of one trace. @throws what `fetch` throws, and an Error for a status other than 2xx */
export function spanSender(target: TraceTarget): (spans: readonly Span[]) => Promise<void> {
  const traceId = target.parent?.traceId ?? randomBytes(16).toString('hex')
  return async (spans) => {
    const body = JSON.stringify(exportRequest(spans, traceId, target))
    const headers = { 'content-type': 'application/json', ...target.headers }
    const answer = await fetch(target.url, { method: 'POST', headers, body, signal: AbortSignal.timeout(SEND_MS) })
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`)
  }
}

/** @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
function exportRequest(spans: readonly Span[], traceId: string, { serviceName, parent }: TraceTarget): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes({ 'service.name': serviceName, 'process.pid': process.pid }) },
        scopeSpans: [{ scope: { name: 'everwarm' }, spans: spans.map((span) => spanData(span, traceId, parent?.spanId)) }],
      },
    ],
  }
}

const INTERNAL = 1
const STATUS_ERROR = 2
const nanoseconds = (ms: number) => String(BigInt(Math.round(ms * 1000)) * 1000n)

function spanData(span: Span, traceId: string, parentSpanId: string | undefined): object {
  return {
    traceId,
    spanId: randomBytes(8).toString('hex'),
    ...(parentSpanId ? { parentSpanId } : {}),
    name: span.name,
    kind: INTERNAL,
    startTimeUnixNano: nanoseconds(span.startMs),
    endTimeUnixNano: nanoseconds(span.endMs),
    attributes: attributes(span.attributes),
    status: span.error === undefined ? {} : { code: STATUS_ERROR, message: span.error },
  }
}

function attributes(values: Span['attributes']): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : { intValue: String(value) },
  }))
}
