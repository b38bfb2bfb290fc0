import { z } from 'zod'

/**
 * Folder of a site in which a command leaves files that are to be kept as artifacts of its step: `<id>/<name>`, and when all of them
 * are there `<id>.json`, a HandedOver. Ids begin with the time, so that of two files of one name the later one stays. The engine
 * empties the folder when the command has ended.
 */
export const HANDED_OVER_FOLDER = '/data/.artifacts'

export const HandedOver = z.object({
  /** As one archive of this name. */
  compress: z.string().min(1).max(255).optional(),
})
export type HandedOver = z.infer<typeof HandedOver>

/** Bytes of `<id>.json`. */
export const MOST_HANDED_OVER_BYTES = 4_096

/** The hint by which a command says that it has left some. */
export const HANDED_OVER_HINT = 'artifacts'
