import { z } from 'zod'
import { MOST_ID_BYTES } from './session.ts'

/** What a file is addressed by: SHA-256 of its bytes, in lower-case hex. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex')

export const ArtifactKind = z.enum(['trace', 'video', 'screenshot', 'log', 'report', 'other'])
export type ArtifactKind = z.infer<typeof ArtifactKind>

/** No NUL: Postgres keeps none in a text. */
export const ArtifactOwnerId = z
  .string()
  .min(1)
  .max(1_024)
  // oxlint-disable-next-line no-control-regex
  .regex(/^[^\0]+$/, 'must not have a NUL')
  .refine((text) => Buffer.byteLength(text) <= MOST_ID_BYTES, `must have ${MOST_ID_BYTES} bytes in UTF-8 at most`)

/** `image/png`, `text/plain; charset=utf-8`: one line of visible ASCII, since it becomes a header. */
const ContentType = z
  .string()
  .max(255)
  .regex(/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(;[ -~]*)?$/i, 'must be a content type, such as image/png')

/** What somebody has who would like to store it. Asking again is harmless, and is how an upload is confirmed. */
export const ArtifactAnnounce = z.object({
  sha256: Sha256,
  /** bytes */
  size: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** Shown to people; a path is cut down to its last part. Never part of a path here. */
  name: z.string().min(1).max(4_096),
  type: ContentType.default('application/octet-stream'),
  kind: ArtifactKind.default('other'),
  sessionId: ArtifactOwnerId,
  testId: ArtifactOwnerId.optional(),
  /** Of a worker: the shard that it holds, and the attempt by which it holds it. */
  shardId: ArtifactOwnerId.optional(),
  attempt: z.number().int().min(0).max(2_147_483_647).optional(),
})
export type ArtifactAnnounce = z.infer<typeof ArtifactAnnounce>

export const ArtifactUpload = z.object({
  method: z.literal('PUT'),
  /** Needs no credential; may be relative to the coordinator's address. */
  url: z.string(),
  /** To be sent just so: they are part of what is signed. */
  headers: z.record(z.string(), z.string()),
})
export type ArtifactUpload = z.infer<typeof ArtifactUpload>

/** `exists`: stored and listed. `upload`: send the bytes there, then announce again. */
export const ArtifactAnswer = z.union([z.object({ exists: z.literal(true) }), z.object({ upload: ArtifactUpload })])
export type ArtifactAnswer = z.infer<typeof ArtifactAnswer>

export const ArtifactView = z.object({
  sha256: Sha256,
  /** bytes */
  size: z.number(),
  name: z.string(),
  type: z.string(),
  kind: ArtifactKind,
  sessionId: z.string(),
  testId: z.string().nullable(),
  createdAt: z.string(),
  /** Needs no credential, for an hour; may be relative to the coordinator's address. */
  url: z.string(),
})
export type ArtifactView = z.infer<typeof ArtifactView>

export const ArtifactPage = z.object({
  artifacts: z.array(ArtifactView),
  /** Of the next page, as `after`; null: that was all. */
  next: z.string().nullable(),
})
export type ArtifactPage = z.infer<typeof ArtifactPage>
