import { cloneRepository } from '../../content/clone.ts'
import { badInput, flagOf, listOf, oneOf, textOf, type ToolkitGiven, wholeOf } from '../command.ts'
import { placeOf } from '../places.ts'
import { untilSignal } from '../../system/stop-signals.ts'

const VERBOSITIES = ['verbose', 'normal', 'quiet'] as const

export async function clone(given: ToolkitGiven): Promise<number> {
  const [uri, path] = given.positionals as [string, string]
  const { env } = given
  const request = {
    uri,
    revision: textOf(given, 'revision'),
    // On a command line all users of the machine would see them.
    username: textOf(given, 'username') ?? env['EVERWARM_GIT_USERNAME'],
    token: textOf(given, 'token') ?? env['EVERWARM_GIT_TOKEN'],
    sshKey: textOf(given, 'sshKey') ?? env['EVERWARM_GIT_SSH_KEY'],
    authType: oneOf(given, 'authType', ['basic', 'header', 'github']),
    paths: listOf(given, 'paths'),
    cone: flagOf(given, 'cone'),
    verbosity: oneOf(given, 'verbosity', VERBOSITIES),
  }
  const retry = definite({ count: wholeOf(given, 'retry-count'), delayMs: await delayOf(given) })
  const to = placeOf(path, given)
  // The group may write what is cloned: other containers of the pod have other users.
  process.umask(0o002)
  const hear = (text: string) => void process.stderr.write(text)
  const { commit } = await untilSignal((signal) =>
    cloneRepository(definite(request) as typeof request, { to, retry, hear, env, signal }),
  )
  given.print(`${to} is at ${commit}`)
  return 0
}

async function delayOf(given: ToolkitGiven): Promise<number | undefined> {
  const text = textOf(given, 'retry-delay')
  if (text === undefined) return undefined
  const { durationMs } = await import('../../workflow/duration.ts')
  try {
    return durationMs(text)
  } catch (cause) {
    throw badInput(`--retry-delay: "${text.slice(0, 60)}" is no duration.`, 'Write it as 100ms, 1.5s or 1m.', cause)
  }
}

const definite = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
