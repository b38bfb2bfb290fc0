import { z } from 'zod'

/** Bytes of one picture; a longer one ends the connection. */
export const MAX_PICTURE_BYTES = 8 * 1_048_576
/** Where a worker sends pictures: a WebSocket of one binary message each, JPEG or PNG, `?view=ID`. */
export const PICTURES_PATH = '/api/workers/screencast'

/** From coordinator to worker: somebody looks. The worker opens the WebSocket, and sends until it is closed. */
export const ViewOrder = z.object({
  /** Nobody can guess it. */
  id: z.string().min(1).max(128),
  shardId: z.string().min(1).max(1_024),
  sessionId: z.string().min(1).max(1_024),
  maxFps: z.number().min(0.1).max(30).default(5),
  /** CSS pixels */
  maxWidth: z.number().int().min(16).max(7_680).default(1_280),
  maxHeight: z.number().int().min(16).max(4_320).default(800),
})
export type ViewOrder = z.infer<typeof ViewOrder>
