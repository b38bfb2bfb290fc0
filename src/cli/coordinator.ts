import { coordinatorPlace } from '../coordinator/place.ts'
import { startCoordinator } from '../coordinator/start.ts'
import { say } from '../system/log.ts'
import { ownVersion } from '../system/own-version.ts'
import { readSettings } from '../system/settings.ts'
import { aboutFolder, adminToken, originOf, publicNameOf } from './coordinator-words.ts'
import { badInput, type Command, refusePositionals, wholeNumber } from './command.ts'

export const coordinator: Command = {
  options: {
    host: { type: 'string' },
    port: { type: 'string' },
    folder: { type: 'string' },
    database: { type: 'string' },
    artifacts: { type: 'string' },
    token: { type: 'string' },
    'public-name': { type: 'string', multiple: true },
    origin: { type: 'string', multiple: true },
    'heartbeat-seconds': { type: 'string' },
    'offline-seconds': { type: 'string' },
  },
  help: [
    '--port <n>               8632 by default; 0: one that is free',
    '--host <address>         127.0.0.1 by default; anything else is open to the network, behind TLS or an SSH tunnel please',
    '--folder <path>          where it keeps its database, artifacts and token; default: among this user’s data',
    '--database <url>         a Postgres instead of the embedded database; or EVERWARM_DATABASE_URL. Several coordinators may share one',
    '--artifacts <where>      a folder, or s3://bucket/prefix with AWS_ENDPOINT_URL and keys in the environment; default: in its folder',
    '--token <token>          by which everything may be asked; or EVERWARM_TOKEN; default: one that is made and kept in the folder',
    '--public-name <name>     a host name under which it answers, besides those of loopback; may be repeated',
    '--origin <origin>        pages of another origin that may call it; may be repeated',
    '--heartbeat-seconds <n>  how often workers without a connection say that they live, 30 by default',
    '--offline-seconds <n>    how long one may be silent before it counts as gone, 90 by default',
    '',
    'Runs until Ctrl-C or SIGTERM. Sessions outlive it: the next one goes on with them.',
  ],
  async run(given) {
    refusePositionals(given)
    const { values, env } = given
    const text = (name: string) => (typeof values[name] === 'string' ? (values[name] as string) : undefined)
    const texts = (name: string) => ((values[name] as string[] | undefined) ?? []).map(String)
    const seconds = (name: string, otherwise: number) =>
      1_000 * wholeNumber(values[name], { name: `--${name}`, min: 1, max: 86_400, otherwise })
    const [heartbeatMs, offlineMs] = [seconds('heartbeat-seconds', 30), seconds('offline-seconds', 90)]
    if (offlineMs <= heartbeatMs)
      throw badInput('--offline-seconds must be more than --heartbeat-seconds.', 'everwarm coordinator --help')
    const settings = readSettings(env)
    const place = coordinatorPlace(env, text('folder'))
    const token = adminToken(text('token'), '--token') ?? adminToken(settings.token, 'EVERWARM_TOKEN')
    const running = await startCoordinator({
      place,
      version: ownVersion(),
      databaseUrl: text('database') ?? settings.databaseUrl,
      cacheFolder: place.cache,
      artifacts: text('artifacts'),
      env,
      token,
      host: text('host'),
      port: wholeNumber(values['port'], { name: '--port', min: 0, max: 65_535, otherwise: 8_632 }),
      publicNames: texts('public-name').map(publicNameOf),
      origins: texts('origin').map(originOf),
      heartbeatMs,
      offlineMs,
      say,
    }).catch((error: unknown) => {
      throw aboutFolder(error, text('folder'))
    })
    say(`coordinator at ${running.url}, docs at ${running.url}/api/docs`)
    if (token === undefined) say(`its token stands in ${place.token}`)
    await new Promise<void>((resolve) => {
      process.once('SIGTERM', resolve).once('SIGINT', resolve)
    })
    say('ending: sessions go on with the next coordinator')
    await running.close()
  },
}
