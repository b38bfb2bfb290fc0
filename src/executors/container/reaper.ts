import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startGroupReaper } from '../../system/group-reaper.ts'

/** Removes from the engine what this process has left, when it had no time to do it itself. */
export interface ContainerReaper {
  /** Nothing is left. */
  close(): void
}

const PROGRAM = fileURLToPath(new URL(`./reaper-program${extname(import.meta.url)}`, import.meta.url))

// A shell waits; the program, which needs forty times its memory, is begun only when there is something to do.
const LAST_WORDS = 'DOCKER_TLS_VERIFY=$5 DOCKER_CERT_PATH=$6 HOME=$7 exec "$1" --no-warnings "$2" "$3" "$4"'

/** @param host as `DOCKER_HOST`, or the path of a socket */
export function startReaper(host: string, owner: string, env: Readonly<Record<string, string | undefined>>): ContainerReaper {
  const args = [
    process.execPath,
    PROGRAM,
    host,
    owner,
    ...['DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'HOME'].map((name) => env[name] ?? ''),
  ]
  const reaper = startGroupReaper({ name: 'everwarm-container-reaper', lastWords: LAST_WORDS, args })
  return {
    close() {
      const { pid } = reaper
      reaper.close()
      // What it would look for is gone: not worth the start of a program.
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
    },
  }
}
