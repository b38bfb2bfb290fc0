import { constants } from 'node:os'
import { EverwarmError } from '../contracts/errors.ts'
import { spawnProcess } from '../system/spawn.ts'

/** A terminal sends these to all of its programs by itself; from elsewhere they come to us alone. */
const BY_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTSTP']
const FORWARDED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2']

/**
 * Runs a command in this one's place: its input, output, signals and end are ours.
 * @returns its exit code, or 128 and the number of the signal that ended it, as shells say it
 * @throws EverwarmError COMMAND_NOT_FOUND
 */
export function runCommand([command, ...args]: string[], env: Record<string, string | undefined>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawnProcess(command!, args, { stdio: 'inherit', env })
    const isAtTerminal = process.stdin.isTTY === true
    const forward = (signal: NodeJS.Signals) => {
      if (isAtTerminal && BY_TERMINAL.includes(signal)) return
      child.kill(signal)
    }
    for (const signal of FORWARDED) process.on(signal, forward)
    const done = () => FORWARDED.forEach((signal) => process.off(signal, forward))
    child.once('error', (cause: NodeJS.ErrnoException) => {
      done()
      reject(
        new EverwarmError('COMMAND_NOT_FOUND', {
          message: `"${command}" cannot be run (${cause.code}).`,
          hint: 'The command stands after `--`, with its arguments as they are; for a shell’s syntax: `-- sh -c "…"`.',
          cause,
        }),
      )
    })
    child.once('exit', (code, signal) => {
      done()
      resolve(code ?? 128 + constants.signals[signal!])
    })
  })
}
