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

/** An address without credentials, and what git is told of them by way of its private files. */
export interface CloneSource {
  uri: string
  /** For addresses that begin so. */
  header?: { prefix: string; text: string }
  /** What must not be seen anywhere. */
  secrets: readonly string[]
}

/** Who has no name: services that take tokens ask for none, but for some text. */
const ANYBODY = 'x-access-token'

/** @throws EverwarmError BAD_INPUT */
export function sourceOf({ uri, username, token, authType = 'basic', sshKey }: CloneRequest): CloneSource {
  if (uri === '' || uri.startsWith('-') || /[\0\r\n]/.test(uri)) throw badInput('The address of the repository is none.')
  const url = /^[a-z][a-z+.-]*:\/\//i.test(uri) ? parsed(uri) : undefined
  const secrets = [token, sshKey, url && decoded(url.password)].filter((text) => text !== undefined && text !== '') as string[]
  if (!url) return { uri: uri.startsWith('/') ? `file://${uri}` : uri, secrets }
  if (!/^https?:$/.test(url.protocol)) return { uri: withoutPassword(url), secrets }
  const user = username || decoded(url.username)
  const password = token || decoded(url.password)
  url.username = ''
  url.password = ''
  const text = headerOf(user, password, authType)
  const header = text === undefined ? undefined : { prefix: `${url.origin}/`, text }
  return { uri: url.href, ...(header ? { header, secrets: [...secrets, header.text.split(' ').at(-1)!] } : { secrets }) }
}

function headerOf(user: string, password: string, authType: NonNullable<CloneRequest['authType']>): string | undefined {
  if (user === '' && password === '') return undefined
  if (authType === 'header') return `Authorization: Bearer ${password}`
  const name = authType === 'github' || user === '' ? ANYBODY : user
  return `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
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
