import { EverwarmError } from '../../contracts/errors.ts'
import type { Environment, PoolProfile, ProfileOf } from '../../contracts/profiles.ts'
import type { LeaseEnd, LeaseRequest } from '../../contracts/protocol.ts'

/**
 * The schemas of `contracts/protocol.ts`, said again without zod: loading it takes about 40 ms, as long as
 * the rest of the daemon's start, and 19 MB for as long as the daemon lives (Node 24, zod 4.6). The types see to it that no field is forgotten, `requests.test.ts` that both judge alike.
 */
type Checks<T> = { [K in keyof Required<T>]: (value: unknown) => boolean }

const isText = (value: unknown) => typeof value === 'string'
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText)
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isEnvironment = (value: unknown) => isRecord(value) && Object.values(value).every(isText)

const isOf = (environment: Environment) => (value: unknown) => value === environment
const isOneOf =
  (...names: readonly string[]) =>
  (value: unknown) =>
    names.some((name) => name === value)

const PROFILES: { [E in Environment]: Checks<ProfileOf<E>> } = {
  node: {
    environment: isOf('node'),
    nodePath: isText,
    execArgv: isTexts,
    env: isEnvironment,
    cwd: isText,
    root: isText,
    vitestPackage: isText,
    preload: isTexts,
    cacheDir: isText,
  },
  chromium: { environment: isOf('chromium'), command: isText, args: isTexts, env: isEnvironment, cwd: isText },
  vitest: {
    environment: isOf('vitest'),
    nodePath: isText,
    env: isEnvironment,
    cwd: isText,
    vitestPackage: isText,
    argv: isTexts,
    terminals: (value) => Array.isArray(value) && value.length === 3 && value.every((each) => typeof each === 'boolean'),
  },
  wasm: { environment: isOf('wasm'), nodePath: isText },
  'vitest-child': {
    environment: isOf('vitest-child'),
    runtime: isOneOf('node', 'bun', 'deno'),
    command: isText,
    args: isTexts,
    env: isEnvironment,
    root: isText,
    vitestPackage: isText,
  },
  runtime: {
    environment: isOf('runtime'),
    runtime: isOneOf('node', 'bun', 'deno', 'workerd'),
    command: isText,
    env: isEnvironment,
    cwd: isText,
  },
  browser: {
    environment: isOf('browser'),
    name: isText,
    command: isText,
    driverCommand: isText,
    driver: (value) => value === 'cdp' || value === 'webdriver' || value === 'bidi',
    args: isTexts,
    env: isEnvironment,
    cwd: isText,
  },
  api: { environment: isOf('api'), env: isEnvironment },
}

const REQUEST: Checks<LeaseRequest> = {
  profile: isRecord,
  waitMs: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 3_600_000,
}

const END: Checks<LeaseEnd> = {
  outcome: (value) => value === 'clean' || value === 'tainted',
  reason: (value) => value === undefined || isText(value),
}

/** @throws EverwarmError BAD_INPUT */
export function validProfile(value: unknown): PoolProfile {
  const environment = isRecord(value) ? value['environment'] : undefined
  if (typeof environment !== 'string' || !Object.hasOwn(PROFILES, environment))
    throw badInput(`There is no environment "${String(environment)}" to lease; there are ${Object.keys(PROFILES).join(', ')}.`)
  return checked('profile', PROFILES[environment as Environment] as Checks<PoolProfile>, value)
}

/** @throws EverwarmError BAD_INPUT */
export function validRequest(value: unknown): LeaseRequest {
  const request = checked('request', REQUEST, value)
  return { ...request, profile: validProfile(request.profile) }
}

/** @throws EverwarmError BAD_INPUT */
export function validEnd(value: unknown): LeaseEnd {
  return checked('end of a lease', END, value)
}

/** @throws EverwarmError BAD_INPUT */
export function validCount(value: unknown): number {
  if (Number.isInteger(value) && (value as number) > 0) return value as number
  throw badInput('The number of hosts to warm is not a whole number above 0.')
}

/** Only the fields it knows come through. */
function checked<T>(what: string, checks: Checks<T>, value: unknown): T {
  const given = isRecord(value) ? value : {}
  const names = Object.keys(checks) as (keyof T & string)[]
  const wrong = names.filter((name) => !checks[name](given[name]))
  if (wrong.length > 0) throw badInput(`The ${what} has a wrong or missing ${wrong.join(', ')}.`)
  return Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]])) as T
}

function badInput(message: string): EverwarmError {
  return new EverwarmError('BAD_INPUT', { message, hint: 'Use the same version of everwarm on both sides.' })
}
