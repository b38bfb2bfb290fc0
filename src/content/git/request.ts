import { EverwarmError } from '../../contracts/errors.ts'

/** What is cloned, and how; all texts are resolved. */
export interface CloneRequest {
  /** `https:`, `ssh:`, `git:`, `file:`, `user@host:path`, or an absolute path. A password in it is used, and goes nowhere else. */
  uri: string
  /** Branch, tag or commit; absent: the branch that the repository names. */
  revision?: string
  username?: string
  /** Token or password. */
  token?: string
  /** `basic` (default): user and password; `header`: a bearer token; `github`: the token of an app. */
  authType?: 'basic' | 'header' | 'github'
  /** Private key, in the text of its file. */
  sshKey?: string
  /** Lines of a known_hosts file: only these hosts are trusted. Absent: who is unknown is trusted the first time. */
  knownHosts?: string
  /** Only these paths. */
  paths?: readonly string[]
  /** `paths` are folders. */
  cone?: boolean
  verbosity?: 'verbose' | 'normal' | 'quiet'
}

/** An address without credentials, and what git finds of them in its private files. */
export interface CloneSource {
  uri: string
  /** For git's own store of credentials, which gives them to this one host, if it asks. */
  login?: { origin: string; user: string; password: string }
  /** Sent to this host; it is not followed to another one. */
  bearer?: { origin: string; token: string }
  /** What must not be seen anywhere. */
  secrets: readonly string[]
}

/** Who has no name: services that take tokens ask for none, but for some text. */
const ANYBODY = 'x-access-token'

/** @throws EverwarmError BAD_INPUT */
export function sourceOf({ uri, username, token, authType = 'basic', sshKey }: CloneRequest): CloneSource {
  if (uri === '' || uri.startsWith('-') || /[\0\r\n]/.test(uri)) throw badInput('The address of the repository is none.')
  const url = /^[a-z][a-z+.-]*:\/\//i.test(uri) ? parsed(uri) : undefined
  const given = [token, sshKey, url && decoded(url.password)]
  const secrets = given.filter((text) => text !== undefined && text !== '') as string[]
  if (!url) return { uri: uri.startsWith('/') ? `file://${uri}` : uri, secrets }
  if (!/^https?:$/.test(url.protocol)) return { uri: withoutPassword(url), secrets }
  const user = username || decoded(url.username)
  const password = token || decoded(url.password)
  const { origin } = url
  url.username = ''
  url.password = ''
  if (user === '' && password === '') return { uri: url.href, secrets }
  if (authType === 'header') return { uri: url.href, bearer: { origin, token: password }, secrets }
  const login = { origin, user: authType === 'github' || user === '' ? ANYBODY : user, password }
  return { uri: url.href, login, secrets: [...secrets, `${login.user}:${password}`] }
}

const MOST_RETRIES = 20
const MOST_DELAY_MS = 30_000

/** @param retry.count further attempts: 5 by default, 20 at most; `delayMs`: before the first of them, 100 by default, 30,000 at most */
export function attemptsOf({ count = 5, delayMs = 100 }: { count?: number; delayMs?: number } = {}) {
  return { attempts: 1 + Math.min(MOST_RETRIES, count), delayMs: Math.min(MOST_DELAY_MS, delayMs), mostMs: MOST_DELAY_MS }
}

function withoutPassword(url: URL): string {
  url.password = ''
  return url.href
}

/** A lone `%` is one of a password that nobody has encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parsed(uri: string): URL {
  try {
    return new URL(uri)
  } catch {
    throw badInput('The address of the repository is none.')
  }
}

/** @throws EverwarmError BAD_INPUT */
export function checkRevision(revision: string): string {
  const isName = !/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock$/.test(revision)
  if (!isName) throw badInput(`${JSON.stringify(revision.slice(0, 100))} is no branch, tag or commit.`)
  return revision
}

const badInput = (message: string) =>
  new EverwarmError('BAD_INPUT', { message, hint: 'Give an address such as https://host/path.git, and a branch, tag or commit.' })
