/** What the documents show. */
export const WORKER = {
  id: 'w-1',
  name: 'linux-1',
  type: 'remote' as const,
  host: 'linux-1',
  port: 0,
  capabilities: { browsers: ['chromium'], maxConcurrent: 2, memory: 8_192, cpu: 4 },
}

export const WORKER_VIEW = {
  ...WORKER,
  status: 'idle' as const,
  isConnected: false,
  lastHeartbeat: '2026-01-31T12:00:00.000Z',
  currentTests: [],
  shards: [],
  vncUrl: null,
  version: null,
}

export const SESSION_REQUEST = {
  name: 'nightly',
  tests: ['tests/login.spec.ts', { id: 'cart', path: 'tests/cart.spec.ts', duration: 4_000, needs: { browsers: ['chromium'] } }],
  config: { strategy: 'duration', failFast: 3 },
  run: { host: 'playwright', directory: '.' },
}

export const RESULT = {
  sessionId: 's-1',
  shardId: 's-1.0',
  attempt: 1,
  result: {
    testId: 'cart',
    status: 'passed',
    duration: 3_812,
    startedAt: '2026-01-31T12:00:00Z',
    finishedAt: '2026-01-31T12:00:03.812Z',
  },
}
