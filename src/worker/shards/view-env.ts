import { VIEW_VARIABLE, viewVariable } from '../../contracts/view-door.ts'

/**
 * Of processes whose browsers the worker may look at.
 * @param folder of the worker; absent: it does not look
 * @param shownAs the shard, or the session whose shards share browsers; absent: this is no shard
 */
export function viewEnv(folder: string | undefined, shownAs: string | undefined): Record<string, string> {
  if (!folder || shownAs === undefined) return {}
  return { [VIEW_VARIABLE]: viewVariable({ shardId: shownAs, folder }) }
}
