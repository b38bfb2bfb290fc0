import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unsafe } from '../../system/files.ts'
import { isAlive, spawnProcess } from '../../system/spawn.ts'
import type { Address } from './address.ts'

/** One attempt to start the daemon. */
export interface Launch {
  /** undefined while it starts or runs; an exit code, or the text of a failed spawn, when it is over. */
  outcome(): number | string | undefined
  /** The last lines that a daemon which failed left behind. */
  lastWords(): string
  /** Lets others try; call it once the daemon answers or has failed. */
  done(): void
}

const ENTRY = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url))
/** A launcher that was stopped in the middle must not hold up the others. */
const LOCK_MAX_AGE_MS = 10_000
/** No variable of a project or a shell reaches the daemon: it outlives them, and its hosts get theirs from the client. */
const PASSED_ON =
  /^(?:EVERWARM_.*|XDG_RUNTIME_DIR|HOME|USER|USERNAME|USERPROFILE|PATH|TMPDIR|TMP|TEMP|SYSTEMROOT|WINDIR|COMSPEC|LD_LIBRARY_PATH)$/i

/**
 * Starts a daemon, or returns null: another client is doing it at this moment.
 * The lock only spares processes; that there is never more than one daemon is the claim's business.
 * @throws EverwarmError ADDRESS_UNSAFE where no file can be written
 */
export function launchDaemon(address: Address, env: Readonly<Record<string, string | undefined>>): Launch | null {
  const lock = join(address.run, 'launch.lock')
  const words = join(address.run, `launch-${process.pid}.log`)
  let stderr: number
  try {
    if (!takeLock(lock)) return null
    stderr = openSync(words, 'w', 0o600)
  } catch (cause) {
    throw unsafe(address.run, `cannot be written (${(cause as NodeJS.ErrnoException).code})`, cause)
  }
  let outcome: number | string | undefined
  const child = spawnProcess(process.execPath, [ENTRY], {
    detached: true,
    cwd: address.home,
    // absolute: the daemon's own folder is another than ours
    env: { ...Object.fromEntries(Object.entries(env).filter(([name]) => PASSED_ON.test(name))), EVERWARM_HOME: address.home },
    stdio: ['ignore', 'ignore', stderr],
  })
  closeSync(stderr)
  child.unref()
  child.once('error', (error) => (outcome = error.message))
  child.once('exit', (code) => (outcome = code ?? 1))
  return {
    outcome: () => outcome,
    lastWords: () => readText(words).slice(-2_000).trim(),
    done() {
      rmSync(words, { force: true })
      rmSync(lock, { force: true })
    },
  }
}

function takeLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
  const owner = Number(readText(path))
  // An empty lock was made this instant, by one that has not written its number yet.
  if (age < LOCK_MAX_AGE_MS && (owner === 0 || isAlive(owner))) return false
  rmSync(path, { force: true })
  return false
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It was removed since; the caller looks again.
    return ''
  }
}
