import { expect, test } from 'vitest'
import type { Session } from '../contracts/session.ts'
import type { WorkerView } from '../contracts/worker.ts'
import { streamsOf } from './streams.ts'

const shard = (index: number, status: string, workerId: string | null) => ({ id: `s${index}`, index, status, workerId })
const session = {
  id: 'one',
  shards: [
    shard(0, 'running', 'shows'),
    shard(1, 'running', 'has-a-screen'),
    shard(2, 'running', 'has-nothing'),
    shard(3, 'completed', 'shows'),
    shard(4, 'pending', null),
  ],
} as unknown as Session
const workers = [
  { id: 'shows', vncUrl: null },
  { id: 'has-a-screen', vncUrl: 'http://there:6080/vnc.html' },
  { id: 'has-nothing', vncUrl: null },
] as unknown as WorkerView[]

test('only running shards of workers that show something have streams', () => {
  const streams = streamsOf(session, workers, ({ shardId, workerId }) =>
    workerId === 'shows' ? `/streams/${shardId}` : undefined,
  )
  expect(streams).toEqual({
    sessionId: 'one',
    streams: [
      { workerId: 'shows', shardIndex: 0, kind: 'screencast', url: '/streams/s0' },
      { workerId: 'has-a-screen', shardIndex: 1, kind: 'vnc', url: 'http://there:6080/vnc.html' },
    ],
  })
})
