import { expect, test } from 'vitest'
import type { V1Pod } from './cluster.ts'
import { healthOf, isReady, isUp, lossOf, serviceEnd, startFault } from './pod-state.ts'

const pod = (state: object, more: object = {}, restartPolicy = 'Never', status: object = {}) =>
  ({
    metadata: { name: 'p' },
    spec: { restartPolicy, containers: [{ name: 'main' }] },
    status: { containerStatuses: [{ name: 'main', restartCount: 0, state, ...more }], ...status },
  }) as unknown as V1Pod
const ended = (exitCode: number, reason: string) => ({ terminated: { exitCode, reason } })

test('a pod is up when all its containers run', () => {
  expect(isUp(pod({ running: {} }))).toBe(true)
  expect(isUp(pod({ waiting: {} }))).toBe(false)
  expect(isUp({ ...pod({ running: {} }), spec: { containers: [{ name: 'main' }, { name: 'b' }] } })).toBe(false)
})

test.each([
  ['ImagePullBackOff', 'IMAGE_UNAVAILABLE'],
  ['ErrImageNeverPull', 'IMAGE_UNAVAILABLE'],
  ['CreateContainerConfigError', 'SITE_FAILED'],
  ['ContainerCreating', undefined],
])('a container that waits for %s: %s', (reason, code) => {
  expect(startFault(pod({ waiting: { reason } }))?.code).toBe(code)
})

test('a container that memory ended says so, another one is lost', () => {
  expect(lossOf(pod(ended(137, 'OOMKilled')), 'main')).toBe('OOMKilled')
  expect(lossOf(pod(ended(1, 'Error')), 'main')).toBe('lost')
  expect(lossOf(pod({ running: {} }), 'main')).toBeUndefined()
  expect(lossOf(pod({ running: {} }, {}, 'Never', { phase: 'Failed', reason: 'Evicted' }), 'main')).toBe('Evicted')
})

test('a service that is started again has not ended', () => {
  expect(serviceEnd(pod(ended(4, 'Error')), 'main')).toEqual({ exitCode: 4 })
  expect(serviceEnd(pod(ended(4, 'Error'), {}, 'OnFailure'), 'main')).toBeUndefined()
  expect(serviceEnd(pod(ended(0, 'Completed'), {}, 'OnFailure', { phase: 'Succeeded' }), 'main')).toEqual({ exitCode: 0 })
})

test.each<[string, V1Pod, object]>([
  ['what runs', pod({ running: {} }), { faults: [], restarts: 0 }],
  ['what is done', pod(ended(0, 'Completed')), { faults: [], restarts: 0 }],
  ['an error', pod(ended(9, 'Error'), {}, 'Never', { phase: 'Failed' }), { faults: ['ended with exit code 9'], restarts: 0 }],
  [
    'one before a restart',
    pod({ running: {} }, { restartCount: 2, lastState: ended(137, 'OOMKilled') }),
    { faults: ['OOMKilled (exit code 137)'], restarts: 2 },
  ],
  [
    'a loop of them',
    pod({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 3, lastState: ended(1, 'Error') }),
    { faults: ['ended with exit code 1', 'CrashLoopBackOff'], restarts: 3 },
  ],
  [
    'a pod that was put out',
    pod({ running: {} }, {}, 'Never', { phase: 'Failed', reason: 'Evicted' }),
    { faults: ['Evicted'], restarts: 0 },
  ],
])('the health of a service: %s', (_, state, health) => {
  expect(healthOf(state, 'main')).toEqual(health)
})

test('ready is what the platform says', () => {
  expect(isReady(pod({ running: {} }, {}, 'Never', { conditions: [{ type: 'Ready', status: 'True' }] }))).toBe(true)
  expect(isReady(pod({ running: {} }))).toBe(false)
})
