import fc from 'fast-check'

/** Ids that there are, so that requests get further than to "unknown". */
export interface Known {
  sessionId: string
  workerId: string
  credential: string
}

const OPERATIONS = [
  'POST /api/execution/parallel',
  'GET /api/execution/parallel',
  'GET /api/execution/parallel/ID/status',
  'GET /api/execution/parallel/ID/results',
  'POST /api/execution/parallel/ID/cancel',
  'GET /api/execution/parallel/strategies',
  'POST /api/execution/parallel/strategies/preview',
  'GET /api/execution/parallel/config/default',
  'POST /api/execution/parallel/config/validate',
  'POST /api/workers/register',
  'POST /api/workers/ID/heartbeat',
  'POST /api/workers/ID/result',
  'POST /api/workers/ID/unregister',
  'POST /api/workers/ID/shards/ID/end',
  'POST /api/workers/nobody/lease',
  'POST /api/workers/ID/credential',
  'GET /api/workers',
  'GET /api/workers/health',
  'POST /api/workers/rebalance',
  'GET /api/sharding/workers',
  'GET /api/sharding/executions/ID/streams',
  'POST /api/workers/enrolments',
  'POST /api/workers/enrol',
  'GET /api/events',
  'GET /api/spec.json',
  'GET /api/docs',
  'GET /api/docs/swagger-ui.css',
]
const FIELDS =
  'id tests testFiles config run strategy shards needs browsers capabilities maxConcurrent result testId status duration error cases attempt shardId sessionId running ttlMs name path env __proto__ constructor toJSON then failFast args host port reason startedAt tags priority report'.split(
    ' ',
  )

const word = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '',
    'passed',
    'duration',
    'auto',
    '\0',
    '\ud800',
    '../../etc/passwd',
    'x'.repeat(2_000),
    "'; drop table everwarm.tests; --",
    '$1',
  ),
)
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -1, 1e308, 2 ** 31, 2 ** 53, -0, 1e-320))
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    word,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS), word), tie('any'), { maxKeys: 6 }),
  ),
})).any

const likely = (known: Known) =>
  fc.constantFrom<unknown>(
    { tests: ['a', { id: 'b', path: 'b' }], config: { strategy: 'tag', shards: 3 } },
    { testFiles: [{ id: 'a', path: 'a', needs: { memory: 1e15 } }], config: { mode: 'static', failFast: true } },
    { capabilities: { browsers: ['chromium'], maxConcurrent: 1_024, memory: 1e300 } },
    { testId: 'a', status: 'failed', duration: 1, error: '\0' },
    { sessionId: known.sessionId, result: { testId: 'a', status: 'passed', duration: 1e15, startedAt: '2026-01-01T00:00:00Z' } },
    { attempt: 2_147_483_647, error: { code: 'X', message: 'y' } },
    { running: [{ shardId: 'none', attempt: 1 }] },
    {},
  )

const body = (known: Known) =>
  fc.oneof(
    { weight: 3, arbitrary: likely(known).map((one) => JSON.stringify(one)) },
    { weight: 3, arbitrary: fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 5 }).map((one) => JSON.stringify(one)) },
    { weight: 1, arbitrary: value.map((one) => JSON.stringify(one) ?? '') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        '{',
        '[[[['.repeat(5_000),
        '1e999',
        '{"a":'.repeat(3_000),
        '"\\u0000"',
        '\u{FEFF}{}',
        ' '.repeat(70_000),
      ),
    },
  )

const id = (known: Known) =>
  fc.oneof(
    fc.constantFrom(
      known.sessionId,
      known.workerId,
      'none',
      '%00',
      '%ff',
      '%',
      '..',
      '%2e%2e',
      '%2f',
      'x'.repeat(300),
      'a%ud800',
      "'",
    ),
    word.map((one) => encodeURIComponent(one.toWellFormed())),
  )
const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('limit', 'after', 'before', 'session', 'x'), word)
      .map(([name, given]) => `?${name}=${encodeURIComponent(given.toWellFormed())}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '?limit=1',
      '?after=0',
      '?limit=99999999999999999999',
      '?after=%',
      '?&&&=',
      '?limit=1&limit=2',
      '?after=1e3',
    ),
  },
)
const HEADERS = `origin: http://evil.example
origin: null
content-encoding: gzip
content-type: text/plain
expect: 100-continue
expect: 200-ok
upgrade: websocket|connection: upgrade
upgrade: websocket|connection: upgrade|sec-websocket-version: 13|sec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==
upgrade: h2c|connection: upgrade
transfer-encoding: chunked
transfer-encoding: gzip
content-length: 5
last-event-id: 3
last-event-id: x
host: evil.example
x: \x7f
cookie: a=b
__proto__: x
 folded: x`
  .split('\n')
  .map((lines) => lines.replaceAll('|', '\r\n'))
const header = fc.oneof(
  fc.constantFrom(...HEADERS),
  fc.tuple(fc.constantFrom('x-a', 'accept', 'range', 'te', 'via'), fc.string()).map(([name, given]) => `${name}: ${given}`),
)

/** Requests as bytes: most are HTTP, some are nearly. */
export function strangeRequest(known: Known): fc.Arbitrary<Buffer> {
  const authorization = fc.constantFrom(
    ...Array.from({ length: 6 }, () => 'Bearer admin'),
    `Bearer ${known.credential}`,
    'Bearer x',
    'Basic eDp5',
    '',
  )
  const method = fc.oneof(
    { weight: 12, arbitrary: fc.constant('') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'GET',
        'POST',
        'PUT',
        'DELETE',
        'HEAD',
        'OPTIONS',
        'PATCH',
        'TRACE',
        'CONNECT',
        'PRI',
        'get',
        'QUERY',
      ),
    },
  )
  const path = fc.oneof(
    { weight: 12, arbitrary: fc.constant('') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '*',
        '//',
        '/api//workers',
        'http://localhost/api/workers',
        '/api/docs/../../etc',
        '/\\',
        '',
        'x',
        '/api/docs/%2e%2e/x',
      ),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 40 }).map((one) => `/${one}`) },
  )
  const whole = fc
    .record({
      operation: fc.constantFrom(...OPERATIONS),
      first: id(known),
      second: id(known),
      query,
      method,
      path,
      authorization,
      body: body(known),
      extra: fc.array(header, { maxLength: 2 }),
    })
    .map(({ operation, first, second, query, method, path, authorization, body, extra }) => {
      const [usual, address] = operation.split(' ') as [string, string]
      const target = path || address.replace('ID', first).replace('ID', second) + query
      const payload = usual === 'POST' ? Buffer.from(body, 'utf8') : Buffer.alloc(0)
      const lines = [
        `${method || usual} ${target} HTTP/1.1`,
        'host: localhost',
        ...(authorization ? [`authorization: ${authorization}`] : []),
        ...(payload.length > 0 && !extra.some((line) => line.startsWith('content-length') || line.startsWith('transfer'))
          ? [`content-length: ${payload.length}`]
          : []),
        ...(extra.some((line) => line.startsWith('content-type')) ? [] : ['content-type: application/json']),
        ...(extra.some((line) => line.startsWith('upgrade')) ? [] : ['connection: close']),
        ...extra,
      ]
      return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), payload])
    })
  const broken = fc
    .tuple(whole, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 3 }))
    .map(([bytes, changes]) => {
      const changed = Buffer.from(bytes)
      for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte
      return changed
    })
  const cut = fc.tuple(whole, fc.nat(300)).map(([bytes, at]) => bytes.subarray(0, at))
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  return fc.oneof(
    { weight: 8, arbitrary: whole },
    { weight: 2, arbitrary: broken },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: noise },
  )
}
