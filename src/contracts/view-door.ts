import { createHash } from 'node:crypto'

/**
 * Environment of a test process, `SHARD=FOLDER`: it opens a door in this folder to each Chromium that it drives, so that
 * the worker can look on. Without it nothing is opened.
 */
export const VIEW_VARIABLE = 'EVERWARM_VIEW'
/** Commands of DevTools from this id on are a looker's; Playwright's and everwarm's begin at 1. Chromium's end at 2^31. */
export const FIRST_VIEW_ID = 2 ** 30

/** Bytes of a folder's path at most, since paths of sockets are short. */
export const MAX_VIEW_FOLDER_BYTES = 60

/** Of a shard, or of a session whose shards share their browsers, in a folder that only this user can enter. */
export interface ViewPlace {
  shardId: string
  folder: string
}

export const viewVariable = ({ shardId, folder }: ViewPlace) => `${shardId}=${folder}`

/** undefined: nobody will look. Shards have no `=` in their names. */
export function readViewVariable(value: string | undefined): ViewPlace | undefined {
  const [, shardId, folder] = /^([^=]+)=(.+)$/s.exec(value ?? '') ?? []
  return shardId !== undefined && folder !== undefined ? { shardId, folder } : undefined
}

/** Names of doors in that folder; all of a shard begin alike. */
export function viewSocketPrefix(shardId: string): string {
  return `${createHash('sha256').update(shardId).digest('hex').slice(0, 16)}-`
}
