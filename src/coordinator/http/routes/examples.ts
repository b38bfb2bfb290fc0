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
  sessionId: '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
  shardId: '6fa459ea-ee8a-4ca4-894e-db77e160355e',
  attempt: 1,
  result: {
    testId: 'cart',
    status: 'passed',
    duration: 3_812,
    startedAt: '2026-01-31T12:00:00Z',
    finishedAt: '2026-01-31T12:00:03.812Z',
  },
}

export const STARTED = {
  id: '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
  status: 'running' as const,
  total: 2,
  shards: [{ id: '6fa459ea-ee8a-4ca4-894e-db77e160355e', index: 0, workerId: 'w-1', testCount: 2, estimatedDuration: 5_000 }],
}

export const RESULTS = {
  sessionId: STARTED.id,
  status: 'running' as const,
  progress: { total: 2, completed: 1, passed: 1, failed: 0, skipped: 0, running: 1, pending: 0, percentage: 50 },
  results: [{ testId: 'cart', status: 'passed' as const, duration: 3_812, workerId: 'w-1', attempt: 1 }],
  next: null,
}

export const REGISTERED = { worker: WORKER_VIEW, heartbeatMs: 30_000, offlineMs: 90_000 }
