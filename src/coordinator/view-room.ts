import { EverwarmError } from '../contracts/errors.ts'
import { MAX_PICTURE_BYTES, type ViewOrder } from '../contracts/live-view.ts'
import type { Queries } from '../database/database.ts'
import { webSocketDoor } from '../system/web-socket.ts'
import type { Mount } from './http/app.ts'
import { streamMount } from './http/routes/stream-mount.ts'
import type { UpgradeHandler } from './http/upgrades.ts'
import { liveViews } from './live-view/live-views.ts'
import type { StreamOf } from './live-view/stream-address.ts'
import { checkedSessionId, isOurId } from './session-view.ts'

export interface ViewRoomOptions {
  db: Queries
  /** Whether a worker is connected here, and can show its browsers. */
  canShow(workerId: string): boolean
  /** Tells it to; false: it cannot. */
  show(workerId: string, order: ViewOrder): boolean
}

export interface ViewRoom {
  /** For an hour; undefined: the worker cannot show its browsers, or not here. */
  address(stream: StreamOf): string | undefined
  mount: Mount
  /** Takes the WebSockets at PICTURES_PATH. */
  receive: UpgradeHandler
  close(): void
}

/** Live views as a part of a coordinator: addresses, streams, and the workers' pictures for them. */
export function openViewRoom({ db, canShow, show }: ViewRoomOptions): ViewRoom {
  const views = liveViews({ order: show })
  const door = webSocketDoor({ maxBytes: MAX_PICTURE_BYTES })
  return {
    address: (stream) => (canShow(stream.workerId) ? views.address(stream) : undefined),
    mount: streamMount({
      read: (url) => views.read(url),
      show: async (sessionId, shardId) => views.show({ sessionId, shardId, workerId: await holderOf(db, sessionId, shardId) }),
    }),
    receive({ request, socket, head, url, caller }) {
      const viewId = url.searchParams.get('view') ?? ''
      if (caller?.may !== 'work' || !views.expects(viewId, caller.workerId)) throw notAsked()
      const { workerId } = caller
      door.accept(request, socket, head, (opened) => views.receive(opened, viewId, workerId))
    },
    close: () => views.close(),
  }
}

/** @throws EverwarmError SESSION_UNKNOWN, SHARD_UNKNOWN: it does not run */
async function holderOf(db: Queries, sessionId: string, shardId: string): Promise<string> {
  checkedSessionId(sessionId)
  const [found] = isOurId(shardId)
    ? await db.query<{ worker_id: string }>(
        `select worker_id from everwarm.shards where session_id = $1 and id = $2 and status = 'running' and worker_id is not null`,
        [sessionId, shardId],
      )
    : []
  if (found) return found.worker_id
  throw new EverwarmError('SHARD_UNKNOWN', {
    message: `No shard "${shardId.slice(0, 100)}" of this session runs now.`,
    hint: 'List the streams of the session again: there is one for each shard that runs.',
  })
}

const notAsked = () =>
  new EverwarmError('FORBIDDEN', {
    message: 'Nobody looks at this view any more, or another worker was told to show it.',
    hint: 'Pictures are sent when the link says `view`, with the credential of that worker.',
  })
