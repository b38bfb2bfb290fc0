import { EverwarmError } from '../contracts/errors.ts'

/**
 * Where the database is, as it may be shown: without user and password.
 * @throws EverwarmError CONFIG_INVALID for what is no URL of Postgres; never with what was given, a password may be in it
 */
export function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^postgres(?:ql)?:$/.test(parsed.protocol)) throw invalid('is not a URL of Postgres')
  const host = parsed.hostname || parsed.searchParams.get('host') || 'localhost'
  const name = decoded(parsed.pathname.slice(1))
  if (name === '') throw invalid('names no database')
  return `${decoded(host)}:${parsed.port || 5432}/${name}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('has a % that stands for nothing')
  }
}

function invalid(what: string): EverwarmError {
  return new EverwarmError('CONFIG_INVALID', {
    message: `The URL of the database ${what}.`,
    hint: 'Write it as postgres://user:password@host:5432/database, with % codes for special signs, in EVERWARM_DATABASE_URL.',
  })
}
