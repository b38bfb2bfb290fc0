import { rm } from 'node:fs/promises'
import { EverwarmError } from '../contracts/errors.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import type { Env } from '../system/settings.ts'
import { checkout, type Cloned, fetchSource } from './git/fetch.ts'
import { isPassingFailure } from './git/failures.ts'
import { type PrivateFiles, privateFiles } from './git/private-files.ts'
import { draftFor, putInPlace } from './put-in-place.ts'
import { attemptsOf, type CloneRequest, type CloneSource, checkRevision, sourceOf } from './git/request.ts'
import { GitFailure, type GitRun, runGit } from './git/run-git.ts'
import { createMasks } from './masks.ts'
import { withRetries } from './retry.ts'
import { shownAddress } from './shown-address.ts'

export type { Cloned } from './git/fetch.ts'
export type { CloneRequest } from './git/request.ts'

export interface CloneOptions {
  /** Folder; what is in it already stays, unless the repository has something of the same name. */
  to: string
  /** Further attempts after a failure of the network: 5 by default, 20 at most; the first one after `delayMs`: 100 by default, 30,000 at most. */
  retry?: { count?: number; delayMs?: number }
  /** For the files with credentials, while it runs; the folder of temporary files by default. */
  scratch?: string
  /** What git says, without secrets, once it has succeeded. */
  hear?: (text: string) => void
  env?: Env
  /** Hears of git's process groups, to end them should this process be killed. */
  groups?: { add(groupId: number): void; remove(groupId: number): void }
  clock?: Clock
  random?: () => number
  signal?: AbortSignal
}

/**
 * Clones a repository by the program git: without its history, without asking anybody. It lands in `to` when all of it is there.
 * Credentials are used for this alone: the clone does not know them.
 * @throws EverwarmError CLONE_FAILED, BAD_INPUT, COMMAND_NOT_FOUND; the reason of the signal
 */
export async function cloneRepository(request: CloneRequest, options: CloneOptions): Promise<Cloned> {
  const source = sourceOf(request)
  const revision = request.revision ? checkRevision(request.revision) : undefined
  const files = privateFiles(request, source, options.env ?? process.env, options.scratch)
  try {
    return await withRetries(() => attempt({ ...request, revision }, source, files, options), {
      ...attemptsOf(options.retry),
      isPassing: (error) => error instanceof GitFailure && isPassingFailure(error.said),
      clock: options.clock ?? systemClock,
      ...(options.random ? { random: options.random } : {}),
      signal: options.signal,
    })
  } catch (error) {
    throw error instanceof GitFailure ? cloneFailed(request, source, error) : error
  } finally {
    files.remove()
  }
}

async function attempt(
  request: CloneRequest,
  source: CloneSource,
  { env }: PrivateFiles,
  { to, hear = () => {}, groups, signal }: CloneOptions,
): Promise<Cloned> {
  const draft = await draftFor(to)
  const masks = createMasks()
  for (const secret of source.secrets) masks.add(secret)
  // Of one that fails its error says it.
  let said = ''
  const keep = (text: string) => void (said += text)
  const git = (args: readonly string[], more: Pick<GitRun, 'input'> = {}) =>
    runGit(args, { cwd: draft, env, signal, mask: masks.stream(), hear: keep, groups, ...more })
  try {
    const from = await fetchSource(git, source.uri, request)
    const cloned = await checkout(git, from, request)
    await putInPlace(draft, to)
    if (said !== '') hear(said)
    return cloned
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

/** git says some things twice. */
const lastWords = (said: string) =>
  [...new Set(said.split('\n').map((line) => line.trim()))]
    .filter((line) => line !== '')
    .slice(-6)
    .join('\n')

function cloneFailed(request: CloneRequest, { uri }: CloneSource, failure: GitFailure): EverwarmError {
  const shown = shownAddress(request.uri)
  const said = failure.said.replaceAll(uri, () => shown)
  return new EverwarmError('CLONE_FAILED', {
    message: `${shown} cannot be cloned: ${lastWords(said)}`,
    hint: 'See whether the address, the revision and the credentials are right: `git ls-remote` tells.',
  })
}
