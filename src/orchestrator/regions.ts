import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { EverwarmError } from '../contracts/errors.ts'
import { namesHint } from '../system/known-names.ts'
import { type Env, readSettings } from '../system/settings.ts'

export interface Region {
  name: string
  /** Where its jobs are posted to: its URL and `/execute`. */
  execute: URL
  token?: string
}

export type Regions = ReadonlyMap<string, Region>

/** A URL, or a URL with the token that opens it. */
export type RegionsGiven = Readonly<Record<string, string | { url: string; token?: string }>>

const FILE = 'everwarm.regions.json'
const Given = z.record(
  z.string().min(1).max(128),
  z.union([z.string(), z.strictObject({ url: z.string(), token: z.string().min(1).optional() })]),
)

export interface RegionsSource {
  regions?: RegionsGiven
  /** Path of a file; it must be there. `everwarm.regions.json` in the folder is read without being named. */
  regionsFile?: string
  env: Env
  cwd: string
}

/**
 * From the first there is: `regions`, the variable PLAYWRIGHT_RUNNERS, a file. None at all: no regions.
 * @throws EverwarmError CONFIG_INVALID
 */
export function readRegions({ regions, regionsFile, env, cwd }: RegionsSource): Regions {
  if (regions !== undefined) return regionsOf(regions, 'regions')
  if (env.PLAYWRIGHT_RUNNERS?.trim()) return regionsOf(parsed(env.PLAYWRIGHT_RUNNERS, 'PLAYWRIGHT_RUNNERS'), 'PLAYWRIGHT_RUNNERS')
  const named = regionsFile ?? readSettings(env).regions
  const path = resolve(cwd, named ?? FILE)
  const text = readOr(path, named === undefined)
  return text === undefined ? new Map() : regionsOf(parsed(text, path), path)
}

/** @throws EverwarmError REGION_UNKNOWN, with the names there are */
export function regionNamed(regions: Regions, name: string): Region {
  const found = regions.get(name)
  if (found) return found
  throw new EverwarmError('REGION_UNKNOWN', {
    message: `There is no region "${name}".`,
    hint: regions.size > 0 ? namesHint(name, [...regions.keys()]) : 'No regions are known: set PLAYWRIGHT_RUNNERS.',
  })
}

function readOr(path: string, mayBeMissing: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (mayBeMissing && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw wrong(path, `cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause)
  }
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw wrong(where, `is not JSON: ${(cause as Error).message}`, cause)
  }
}

function regionsOf(given: unknown, where: string): Regions {
  const read = Given.safeParse(given)
  if (!read.success) throw wrong(where, 'is no map from region to URL')
  return new Map(
    Object.entries(read.data).map(([name, value]) => {
      const { url, token } = typeof value === 'string' ? { url: value } : value
      return [name, { name, execute: executeUrl(name, url, where), ...(token === undefined ? {} : { token }) }]
    }),
  )
}

function executeUrl(name: string, text: string, where: string): URL {
  const url = URL.parse(text)
  // The text is not repeated where it may hold a password.
  if (url?.username || url?.password) throw wrong(where, `has a user or password in the URL of "${name}"; give a token instead`)
  if (!url || !/^https?:$/.test(url.protocol)) throw wrong(where, `has no http(s) URL for "${name}", but "${text.slice(0, 100)}"`)
  url.hash = ''
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/execute`
  return url
}

function wrong(where: string, what: string, cause?: unknown): EverwarmError {
  return new EverwarmError('CONFIG_INVALID', {
    message: `${where} ${what}.`,
    hint: 'It should read like {"us-east-1": "https://us-east-1.example.com/api/runner"}.',
    cause,
  })
}
