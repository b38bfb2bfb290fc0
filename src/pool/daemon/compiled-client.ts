import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder } from '../../system/files.ts'
import { isProgram } from '../../system/programs.ts'
import { cacheFolder, type Env } from '../../system/settings.ts'
import { spawnProcess } from '../../system/spawn.ts'
import { daemonAddress, prepareAddress } from './address.ts'
import { packageVersion } from './version.ts'

const SOURCE = fileURLToPath(new URL('../../../clients/everwarm-client.c', import.meta.url))
const CLI = fileURLToPath(new URL('../../cli/main.js', import.meta.url))

export interface FoundClient {
  path: string
  /** Why it is a script around Node, and not the small program; in words. */
  fault?: string
}

/**
 * The client of 1 ms, compiled by the user's own `cc` once for each source, version and Node; without a compiler a script that
 * starts the Node client.
 * @throws EverwarmError as `prepareAddress`
 */
export async function compiledClient(env: Env): Promise<FoundClient> {
  const address = daemonAddress(env)
  prepareAddress(address)
  const source = readFileSync(SOURCE)
  const names = { EVERWARM_NODE: process.execPath, EVERWARM_CLI: CLI, EVERWARM_VERSION: packageVersion() }
  const hash = createHash('sha256').update(source).update(JSON.stringify(names)).digest('hex').slice(0, 16)
  const path = join(address.home, `client-${hash}`)
  const link = linkOf(env)
  if (isProgram(path)) return offered(link, path)
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  const defines = Object.entries(names).map(([name, value]) => `-D${name}=${cString(value)}`)
  const compiler = env.CC?.trim() || 'cc'
  let fault = ''
  try {
    // Static where the system can: without the work of a linker at each start it takes half the time.
    for (const flags of [['-static'], []]) {
      fault = await compile(compiler, ['-O2', '-std=c11', ...flags, ...defines, '-o', draft, SOURCE])
      if (fault === '' && (await works(draft))) {
        renameSync(draft, path)
        return offered(link, path)
      }
    }
  } finally {
    rmSync(draft, { force: true })
  }
  return {
    ...offered(link, script(path)),
    fault: `${compiler} made no client: ${fault || 'what it made cannot be started here'}`,
  }
}

/** Where the command `everwarm` looks for the client of its own build: it cannot afford to compute a hash. */
const linkOf = (env: Env) => join(cacheFolder(env), `client-${packageVersion()}`)

/** Whether the command knows a client, or need not look for one. */
export function isClientOffered(env: Env): boolean {
  return process.platform === 'win32' || lstatSync(linkOf(env), { throwIfNoEntry: false }) !== undefined
}

function offered(link: string, path: string): FoundClient {
  try {
    makeFolder(dirname(link))
    symlinkSync(path, `${link}.${process.pid}`)
    renameSync(`${link}.${process.pid}`, link)
  } catch {
    // A folder that cannot be written: the command takes Node.
  }
  return { path }
}

/** An own name for each: a script must not stay where a compiler is installed later. */
function script(path: string): string {
  const target = `${path}.sh`
  const draft = `${target}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, `#!/bin/sh\nexec ${[process.execPath, CLI].map(quoted).join(' ')} "$@"\n`, { mode: 0o700 })
  renameSync(draft, target)
  return target
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** Octal for all that is not plain: a hexadecimal escape has no end in C. */
function cString(text: string): string {
  const plain = [...Buffer.from(text)].map((byte) =>
    /[\w/.+: -]/.test(String.fromCharCode(byte)) && byte < 128
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, '0')}`,
  )
  return `"${plain.join('')}"`
}

/** What the compiler complained of; empty when it did not. */
function compile(command: string, args: string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawnProcess(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr!.on('data', (chunk) => (said += String(chunk)))
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(code === 0 ? '' : said.trim().slice(-500) || `it ended with ${code}`))
  })
}

/** A folder may forbid programs (noexec): asked without a daemon to find, it becomes the program that it is told. */
function works(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { EVERWARM_HOME: '/dev/null', EVERWARM_NODE: '/bin/echo', EVERWARM_CLI: 'everwarm' }
    const child = spawnProcess(path, ['run'], { stdio: 'ignore', env })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}
