import { z } from 'zod'
import { EverwarmError } from '../../../contracts/errors.ts'
import { type StreamOf, streamNames } from '../../live-view/stream-address.ts'
import type { DescribedRoute } from '../answer-request.ts'
import type { Mount } from '../app.ts'
import { checkCaller } from '../checks.ts'
import { SessionId } from '../inputs.ts'

export interface Streams {
  /** undefined: it is no address of a stream. @throws EverwarmError TOKEN_REFUSED, TOKEN_EXPIRED */
  read(url: URL): StreamOf | undefined
  /** @throws EverwarmError SESSION_UNKNOWN, SHARD_UNKNOWN, WORKER_UNKNOWN */
  show(sessionId: string, shardId: string): Promise<Response>
}

const STREAM: DescribedRoute = {
  method: 'get',
  path: '/api/sharding/executions/{id}/streams/{shard}',
  operation: 'watchStream',
  summary: 'The browser of a running shard, in pictures as they come',
  description:
    'For an `<img src>`, which sends no token: the addresses that `streams` lists are signed, for an hour. With the token and no signature: the same.',
  tag: 'Live view',
  access: 'open',
  params: SessionId.extend({ shard: z.string().describe('Id of a shard') }),
  answer: { status: 200, description: 'JPEG or PNG, one in place of the other.', contentType: 'multipart/x-mixed-replace' },
  errors: ['TOKEN_REFUSED', 'TOKEN_EXPIRED', 'FORBIDDEN', 'SESSION_UNKNOWN', 'SHARD_UNKNOWN', 'WORKER_UNKNOWN'],
}

/** Streams as a part of the app: by a signed address, or by the token. */
export const streamMount = ({ read, show }: Streams): Mount => ({
  paths: ['/api/sharding/executions/:id/streams/:shard'],
  access: 'own',
  async fetch(request, caller) {
    if (request.method !== 'GET') throw new EverwarmError('METHOD_REFUSED', { message: 'A stream is read.', hint: 'Use GET.' })
    const url = new URL(request.url)
    const hasToken = caller !== undefined && !url.searchParams.has('signature')
    if (hasToken) checkCaller(caller, 'everything', undefined)
    const names = hasToken ? streamNames(url) : read(url)
    return names && show(names.sessionId, names.shardId)
  },
  describes: [STREAM],
})
