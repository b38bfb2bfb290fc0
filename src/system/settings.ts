import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** Without what is not given: to JSON and to a child's environment undefined is no value. */
export function definedOnly<Value>(all: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, Value] => entry[1] !== undefined))
}

/** All that everwarm reads from variables of its own; undefined: not given. */
export interface Settings {
  /** `EVERWARM` */
  isOn: boolean | undefined
  /** `EVERWARM_JUDGE` */
  isJudging: boolean | undefined
  /** `EVERWARM_HOME`, as given */
  home: string | undefined
  /** `EVERWARM_CACHE`, as given */
  cache: string | undefined
  /** `EVERWARM_HANG_MS` */
  hangMs: number | undefined
  /** `EVERWARM_IDLE_MS` */
  idleMs: number | undefined
  /** `EVERWARM_HOST_START_MS` */
  hostStartMs: number | undefined
  /** `EVERWARM_MAX_HOSTS` */
  maxHosts: number | undefined
  /** `EVERWARM_MAX_BROWSERS` */
  maxBrowsers: number | undefined
  /** `EVERWARM_MAX_LEASES` */
  maxLeases: number | undefined
  /** `EVERWARM_SPARES` */
  spares: number | undefined
  /** `EVERWARM_TIMINGS`: a folder or a file, as given */
  timings: string | undefined
  /** `EVERWARM_RUN_ID`: what all shards of one run have in common */
  runId: string | undefined
  /** `EVERWARM_COORDINATOR`: the URL of the one that commands speak to, as given */
  coordinator: string | undefined
  /** `EVERWARM_TOKEN`: what opens that coordinator, and what it asks for itself */
  token: string | undefined
  /** `EVERWARM_DATABASE_URL`: a Postgres instead of the embedded database, as given */
  databaseUrl: string | undefined
  /** `EVERWARM_ARTIFACTS`: a folder or `s3://bucket/prefix` for artifacts of workflows, as given */
  artifacts: string | undefined
  /** `EVERWARM_REGIONS`: a file, as given */
  regions: string | undefined
  /** `EVERWARM_ORCHESTRATOR_TOKEN` */
  orchestratorToken: string | undefined
  /** `EVERWARM_RUNNER_TOKEN` */
  runnerToken: string | undefined
  /** `EVERWARM_HOST_ENTRY`: another program for hosts, for tests of everwarm itself */
  hostEntry: string | undefined
}

/** More makes Node's timers fire at once. @see https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
export const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * The one place where everwarm's variables are read; an empty one counts as not given.
 * @throws EverwarmError CONFIG_INVALID, about the first that is wrong
 */
export function readSettings(env: Env): Settings {
  return {
    isOn: flag(env, 'EVERWARM'),
    isJudging: flag(env, 'EVERWARM_JUDGE'),
    home: text(env, 'EVERWARM_HOME'),
    cache: text(env, 'EVERWARM_CACHE'),
    hangMs: whole(env, 'EVERWARM_HANG_MS', 1, MAX_TIMER_MS),
    idleMs: whole(env, 'EVERWARM_IDLE_MS', 0, MAX_TIMER_MS),
    hostStartMs: whole(env, 'EVERWARM_HOST_START_MS', 1, MAX_TIMER_MS),
    maxHosts: whole(env, 'EVERWARM_MAX_HOSTS', 1, 1_024),
    maxBrowsers: whole(env, 'EVERWARM_MAX_BROWSERS', 1, 1_024),
    maxLeases: whole(env, 'EVERWARM_MAX_LEASES', 1, 1_000_000_000),
    spares: whole(env, 'EVERWARM_SPARES', 0, 1_024),
    timings: text(env, 'EVERWARM_TIMINGS'),
    runId: text(env, 'EVERWARM_RUN_ID'),
    coordinator: text(env, 'EVERWARM_COORDINATOR'),
    token: text(env, 'EVERWARM_TOKEN')?.trim(),
    databaseUrl: text(env, 'EVERWARM_DATABASE_URL'),
    artifacts: text(env, 'EVERWARM_ARTIFACTS'),
    regions: text(env, 'EVERWARM_REGIONS'),
    orchestratorToken: text(env, 'EVERWARM_ORCHESTRATOR_TOKEN')?.trim(),
    runnerToken: text(env, 'EVERWARM_RUNNER_TOKEN')?.trim(),
    hostEntry: text(env, 'EVERWARM_HOST_ENTRY'),
  }
}

/** What may be deleted at any time. Touches nothing. */
export function cacheFolder(env: Env): string {
  const given = text(env, 'EVERWARM_CACHE')
  return given !== undefined ? resolve(given) : join(env['XDG_CACHE_HOME'] || join(homeFolder(), '.cache'), 'everwarm')
}

/**
 * What must outlive a restart of the machine, after which the daemon's own folder is gone: `$EVERWARM_HOME/room`, else
 * `everwarm/room` among this user's data. Touches nothing.
 * @throws EverwarmError CONFIG_INVALID
 */
export function dataFolder(env: Env, room: 'coordinator' | 'orchestrator' | 'executions' | 'groups' | 'services'): string {
  const { home } = readSettings(env)
  return resolve(home ?? join(env['XDG_DATA_HOME'] || join(homeFolder(), '.local', 'share'), 'everwarm'), room)
}

function homeFolder(): string {
  try {
    return homedir()
  } catch {
    // A user without an entry in the system's list and without HOME, as in some containers.
    return tmpdir()
  }
}

/** What is wrong with the variables, or undefined. */
export function settingsFault(env: Env): EverwarmError | undefined {
  try {
    readSettings(env)
    return undefined
  } catch (error) {
    return error as EverwarmError
  }
}

function text(env: Env, name: string): string | undefined {
  return env[name]?.trim() ? env[name] : undefined
}

function flag(env: Env, name: string): boolean | undefined {
  const given = text(env, name)
  if (given === undefined) return undefined
  if (given === '0' || given === '1') return given === '1'
  throw invalid(name, '0 or 1', given)
}

function whole(env: Env, name: string, min: number, max: number): number | undefined {
  const given = text(env, name)
  if (given === undefined) return undefined
  const value = /^\d{1,12}$/.test(given) ? Number(given) : Number.NaN
  if (value >= min && value <= max) return value
  throw invalid(name, `a whole number from ${min} to ${max}`, given)
}

function invalid(name: string, wanted: string, given: string): EverwarmError {
  const shown = given.length > 60 ? `${given.slice(0, 60)}…` : given
  return new EverwarmError('CONFIG_INVALID', {
    message: `${name} must be ${wanted}, not "${shown}".`,
    hint: `Correct it, or unset it: \`unset ${name}\`.`,
  })
}

/** For an option in a configuration of Vitest. */
export function invalidOption(message: string, hint = 'Correct it in the configuration of Vitest.'): EverwarmError {
  return new EverwarmError('CONFIG_INVALID', { message, hint })
}
