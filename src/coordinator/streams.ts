import type { Session } from '../contracts/session.ts'
import type { WorkerView } from '../contracts/worker.ts'
import type { StreamOf } from './live-view/stream-address.ts'

export interface SessionStreams {
  sessionId: string
  streams: { workerId: string; shardIndex: number; kind: 'vnc' | 'screencast'; url: string }[]
}

/** Where the browsers of a session's running shards can be looked at: by the worker's pictures, and by its own noVNC. */
export function streamsOf(
  { id: sessionId, shards }: Session,
  workers: readonly WorkerView[],
  screencast: (stream: StreamOf) => string | undefined = () => undefined,
): SessionStreams {
  const vncUrls = new Map(workers.map(({ id, vncUrl }) => [id, vncUrl]))
  const streams = shards.flatMap(({ id: shardId, index: shardIndex, status, workerId }) => {
    if (status !== 'running' || workerId === null) return []
    const urls = { screencast: screencast({ sessionId, shardId, workerId }), vnc: vncUrls.get(workerId) }
    return (['screencast', 'vnc'] as const).flatMap((kind) => {
      const url = urls[kind]
      return url ? [{ workerId, shardIndex, kind, url }] : []
    })
  })
  return { sessionId, streams }
}
