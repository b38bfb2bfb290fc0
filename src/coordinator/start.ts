import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import { PICTURES_PATH } from '../contracts/live-view.ts'
import { openDatabase } from '../database/open.ts'
import { systemClock } from '../system/clock.ts'
import { privateFolder } from '../system/files.ts'
import type { Env } from '../system/settings.ts'
import { ARTIFACT_MIGRATIONS } from './artifact-index.ts'
import { openArtifactRoom } from './artifact-room.ts'
import { openCoordinator } from './coordinator.ts'
import { HEARTBEAT_MS, OFFLINE_MS } from './heartbeat.ts'
import { type App, createApp } from './http/app.ts'
import { type HttpServer, serve } from './http/server.ts'
import { workerLinkEnd, type WorkerLinkOptions } from './link/attach.ts'
import { type LinkedWorkers, linkedWorkers } from './linked-workers.ts'
import { needPackages } from './needed-packages.ts'
import { openViewRoom } from './view-room.ts'
import type { CoordinatorPlace } from './place.ts'
import { openShardQueue } from './queue.ts'
import { COORDINATOR_TABLES } from './tables.ts'

export interface StartOptions {
  place: CoordinatorPlace
  version: string
  /** Of a Postgres; absent: PGlite in the place's folder. */
  databaseUrl?: string | undefined
  /** Where an initialised database is kept, so that the next folder starts faster. */
  cacheFolder?: string | undefined
  /** A folder, or `s3://bucket/prefix` with its keys in `env`; absent: the place's folder. */
  artifacts?: string | undefined
  env: Env
  /** Absent: that of the place, made if there is none. */
  token?: string | undefined
  host?: string | undefined
  port?: number | undefined
  publicNames?: readonly string[]
  origins?: readonly string[]
  heartbeatMs?: number | undefined
  offlineMs?: number | undefined
  /** How soon a worker's connection that has silently gone is noticed; 15 s by default. */
  link?: Pick<WorkerLinkOptions, 'pingMs' | 'deadMs'> | undefined
  say(line: string): void
}

export interface RunningCoordinator {
  url: string
  token: string
  /** Says good-bye to workers and watchers; what runs goes on there, and is taken up by the next coordinator. */
  close(): Promise<void>
}

/** The line gives out again what nobody has renewed for so long: a coordinator of several has died, and its worker not come back. */
const LEASE_SECONDS = 30

/**
 * A whole coordinator in this process: database, line, core, worker link, REST. Each part that was opened is closed again if
 * a later one cannot be.
 * @throws EverwarmError DATABASE_LOCKED, DATABASE_UNREACHABLE, ADDRESS_IN_USE, PACKAGE_MISSING, CONFIG_INVALID
 */
export async function startCoordinator(options: StartOptions): Promise<RunningCoordinator> {
  const { place, say, heartbeatMs = HEARTBEAT_MS, offlineMs = OFFLINE_MS } = options
  const closing: (() => Promise<unknown> | void)[] = []
  const close = async () => {
    for (const act of closing.splice(0).reverse()) await act()
  }
  const complain = complainOnce(say)
  try {
    needPackages(['pg-boss', options.databaseUrl === undefined ? '@electric-sql/pglite' : 'pg', 'hono', '@hono/node-server'])
    privateFolder(place.folder, isOurs)
    const token = options.token ?? (await keptToken(place.token))
    const db = await openDatabase({
      url: options.databaseUrl,
      folder: place.database,
      cacheFolder: options.cacheFolder,
      migrations: [...COORDINATOR_TABLES, ...ARTIFACT_MIGRATIONS],
    })
    closing.push(() => db.close())
    const queue = await openShardQueue(db, {
      leaseSeconds: LEASE_SECONDS,
      onError: (error) => complain('keeping the line', error),
    })
    closing.push(() => queue.close())
    let linked: LinkedWorkers | undefined
    const views = openViewRoom({
      db,
      canShow: (workerId) => linked!.canShow(workerId),
      show: (workerId, order) => linked!.show(workerId, order),
    })
    const coordinator = await openCoordinator({
      db,
      queue,
      adminToken: token,
      heartbeatMs,
      offlineMs,
      list: (run) => linked!.list(run),
      screencast: views.address,
      complain,
    })
    closing.push(() => coordinator.close())
    const link = (linked = linkedWorkers(coordinator, { heartbeatMs, offlineMs, complain }))
    const room = await openArtifactRoom({
      db,
      location: options.artifacts ?? place.artifacts,
      env: options.env,
      clock: systemClock,
      complain,
    })
    closing.push(() => room.close())
    const app = await createApp(coordinator, {
      version: options.version,
      publicNames: options.publicNames ?? [],
      origins: options.origins ?? [],
      mounts: [...room.mounts, views.mount],
      onFault: (error, { method, path }) => complain(`answering ${method} ${path}`, error),
    })
    const server = await serve({ app, ...definedAddress(options) })
    closing.push(() => server.close())
    server.attachUpgrade(PICTURES_PATH, views.receive, 'worker')
    closing.push(
      attachLink(server, app, { ...link, ...options.link }),
      () => link.leave(),
      () => views.close(),
    )
    return { url: server.url, token, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** What stands in a coordinator's folder: a folder that holds anything else is somebody's own. */
const isOurs = (name: string) => /^(?:db(?:\..*)?|artifacts|token)$/.test(name)

const definedAddress = ({ host, port }: StartOptions) => ({
  ...(host === undefined ? {} : { host }),
  ...(port === undefined ? {} : { port }),
})

/** @returns what closes it */
function attachLink(server: HttpServer, app: App, host: WorkerLinkOptions): () => void {
  const end = workerLinkEnd(host)
  for (const path of ['/', '/worker'])
    server.attachUpgrade(path, ({ request, socket, head }) => void end.handleUpgrade(request, socket, head), 'own')
  return () => {
    end.close()
    app.close()
  }
}

/** The token of before, so that whoever has it need not be told a new one. @throws EverwarmError CONFIG_INVALID */
async function keptToken(path: string): Promise<string> {
  try {
    const kept = (await readFile(path, 'utf8')).trim()
    if (kept.length >= 16) return kept
    throw new EverwarmError('CONFIG_INVALID', {
      message: `The token in ${path} is too short to be one.`,
      hint: 'Remove the file: the next start writes a new one.',
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const token = `admin_${randomBytes(32).toString('base64url')}`
  await writeFile(path, `${token}\n`, { mode: 0o600, flag: 'wx' })
  return token
}

/** A fault that lasts is said once, not every second. */
function complainOnce(say: (line: string) => void): (what: string, error: unknown) => void {
  let last = ''
  return (what, error) => {
    const { code, message } = errorFromData(error)
    const line = `${what}: ${message} (${code})`
    if (line === last) return
    last = line
    say(line)
  }
}
