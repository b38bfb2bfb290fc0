import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Env } from '../../system/settings.ts'
import type { CloneRequest, CloneSource } from './request.ts'

export interface PrivateFiles {
  /** Of git: it asks nobody, and finds its credentials in files that only this user can read. */
  env: NodeJS.ProcessEnv
  remove(): void
}

/** Nothing moves for so long: it is lost. s */
const IDLE_S = 60

/** Those that make git work on another repository than it is told, or tell its secrets. */
const FOREIGN =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|CONFIG_(PARAMETERS|COUNT|KEY_\d+|VALUE_\d+)|TRACE\w*)$/

/**
 * Credentials stand neither on a command line nor in an environment nor in anybody's configuration, but in a folder 0700 that is
 * removed afterwards. The user's own configuration (proxies, certificates) holds.
 */
export function privateFiles(request: CloneRequest, source: CloneSource, env: Env, scratch = tmpdir()): PrivateFiles {
  const folder = mkdtempSync(join(scratch, 'everwarm-git-'))
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600, flag: 'wx' })
    return join(folder, name)
  }
  const config = write('config', configText(source, write))
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !FOREIGN.test(name)))
  return {
    env: {
      ...own,
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: '',
      SSH_ASKPASS: '',
      GCM_INTERACTIVE: 'never',
      GIT_SSH_COMMAND: sshCommand(request, env['GIT_SSH_COMMAND'] ?? 'ssh', write),
      GIT_SSH_VARIANT: 'ssh',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'include.path',
      GIT_CONFIG_VALUE_0: config,
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function configText({ login, bearer }: CloneSource, write: Write): string {
  const lines = ['[http]', '\tlowSpeedLimit = 1', `\tlowSpeedTime = ${IDLE_S}`]
  // A header would go to whomever the server names.
  if (bearer) lines.push('\tfollowRedirects = false')
  if (bearer)
    lines.push(`[http ${quoted(`${bearer.origin}/`)}]`, `\textraHeader = ${quoted(`Authorization: Bearer ${bearer.token}`)}`)
  if (login) {
    const url = login.origin.replace('//', `//${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`)
    const store = write('credentials', `${url}\n`)
    // The empty one takes away those of the user, who would be asked, or told to keep it.
    lines.push('[credential]', '\thelper =', `\thelper = ${quoted(`store --file=${inShell(store)}`)}`)
  }
  return `${lines.join('\n')}\n`
}

type Write = (name: string, text: string) => string

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`

function sshCommand({ sshKey, knownHosts }: CloneRequest, program: string, write: Write): string {
  const hosts = write('known_hosts', knownHosts === undefined ? '' : `${knownHosts.trimEnd()}\n`)
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=30',
    `ServerAliveInterval=${IDLE_S / 4}`,
    `StrictHostKeyChecking=${knownHosts === undefined ? 'accept-new' : 'yes'}`,
    // New ones are written into the first.
    `UserKnownHostsFile=${[hosts, ...(knownHosts === undefined ? [join(homedir(), '.ssh', 'known_hosts')] : [])].map(inConfig).join(' ')}`,
    ...(knownHosts === undefined ? [] : ['GlobalKnownHostsFile=/dev/null']),
    ...(sshKey === undefined ? [] : ['IdentitiesOnly=yes', `IdentityFile=${inConfig(write('key', `${sshKey.trimEnd()}\n`))}`]),
  ]
  return [program, ...options.map((option) => `-o ${inShell(option)}`)].join(' ')
}

const inShell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const inConfig = (path: string) => (/\s/.test(path) ? `"${path}"` : path)
