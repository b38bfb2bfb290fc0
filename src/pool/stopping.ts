import { EverwarmError } from '../contracts/errors.ts'

/** What everybody hears who asks something of a daemon that is about to end. */
export function stopping(): EverwarmError {
  return new EverwarmError('DAEMON_STOPPING', {
    message: 'The daemon is about to end.',
    hint: 'Run again: the next command starts a new one.',
  })
}
