import { EverwarmError } from '../contracts/errors.ts'
import type { Capabilities, WorkerRegistration, WorkerView } from '../contracts/worker.ts'
import type { Queries } from '../database/database.ts'
import type { Core } from './core.ts'
import { pulseOf } from './heartbeat.ts'
import { storableJson, storableText } from './storable.ts'

interface Row {
  id: string
  name: string
  type: WorkerView['type']
  host: string | null
  port: number | null
  capabilities: Capabilities
  vnc_url: string | null
  version: string | null
  coordinator_id: string | null
  is_linked: boolean
  is_gone: boolean
  is_draining: boolean
  has_failed: boolean
  last_seen: string | Date
  /** By the database's clock. */
  silent_ms: number
  shards: string[]
  tests: string[]
}

/** All workers that are known, with what they hold; or one. */
export async function workerViews(core: Core, only?: string, inside: Queries = core.db): Promise<WorkerView[]> {
  const rows = await inside.query<Row>(
    `select w.*, extract(epoch from clock_timestamp() - last_seen)::float8 * 1000 as silent_ms,
       coalesce((select jsonb_agg(s.id) from everwarm.shards s where s.worker_id = w.id and s.status = 'running'), '[]') as shards
     from everwarm.workers w ${only === undefined ? '' : 'where w.id = $1'} order by w.name, w.id`,
    only === undefined ? [] : [only],
  )
  return rows.map((row) => viewOf(core, row))
}

/** @throws EverwarmError WORKER_UNKNOWN */
export async function workerView(core: Core, id: string): Promise<WorkerView> {
  const [view] = await workerViews(core, id)
  return view ?? unknownWorker(id)
}

export function unknownWorker(id: string): never {
  throw new EverwarmError('WORKER_UNKNOWN', {
    message: `No worker "${id.slice(0, 200)}" is registered.`,
    hint: 'Register it: a worker that was offline for long, or said good-bye, is forgotten.',
  })
}

function viewOf(core: Core, row: Row): WorkerView {
  const sign = {
    lastSeenMs: 0,
    isConnected: row.coordinator_id !== null && !row.is_gone,
    isDraining: row.is_draining,
    hasFailed: row.has_failed,
  }
  const pulse = pulseOf(sign, row.silent_ms, core.patience)
  const held = [...(core.holders.all.get(row.id)?.held.values() ?? [])]
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    host: row.host,
    port: row.port,
    capabilities: row.capabilities,
    status: row.is_gone ? 'offline' : pulse === 'online' ? (row.shards.length > 0 ? 'busy' : 'idle') : pulse,
    isConnected: sign.isConnected,
    lastHeartbeat: new Date(row.last_seen).toISOString(),
    currentTests: held.flatMap(({ begun }) => [...begun.keys()]),
    shards: row.shards,
    vncUrl: row.vnc_url,
    version: row.version,
  }
}

export async function saveWorker(
  core: Core,
  id: string,
  registration: WorkerRegistration,
  isLinked: boolean,
  tx: Queries,
): Promise<void> {
  const { name, type, host, port, capabilities, version } = registration
  await tx.query(
    `insert into everwarm.workers (id, name, type, host, port, capabilities, vnc_url, version, coordinator_id, is_linked)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10)
     on conflict (id) do update set name = excluded.name, type = excluded.type, host = excluded.host, port = excluded.port,
       capabilities = excluded.capabilities, vnc_url = excluded.vnc_url, version = excluded.version,
       coordinator_id = excluded.coordinator_id, is_linked = excluded.is_linked, is_gone = false, away_until = null,
       is_draining = false, has_failed = false, last_seen = now()`,
    [
      id,
      storableText(name ?? id),
      type,
      host === undefined ? null : storableText(host),
      port ?? null,
      storableJson(capabilities),
      storableText(vncAddress(registration) ?? '') || null,
      version === undefined ? null : storableText(version),
      isLinked ? core.id : null,
      isLinked,
    ],
  )
}

/** Of a page of noVNC, at its usual name. null: the worker has none, or its host has a name that no address can have. */
function vncAddress({ vncUrl, vncPort, host = 'localhost' }: WorkerRegistration): string | null {
  if (vncUrl !== undefined || vncPort === undefined) return vncUrl ?? null
  const url = URL.parse(`http://${host.includes(':') ? `[${host}]` : host}:${vncPort}/vnc.html`)
  return url && url.port === String(vncPort) && url.pathname === '/vnc.html' ? url.href : null
}
