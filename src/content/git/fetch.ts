import { isUnknownCommit } from './failures.ts'
import type { CloneRequest } from './request.ts'
import { GitFailure } from './run-git.ts'

type Git = (args: readonly string[], more?: { input?: string }) => Promise<string>

const COMMIT = /^[0-9a-f]{40}$/i
/** Every object of SHA-1 may be named by 7 digits or more. */
const SHORT_COMMIT = /^[0-9a-f]{7,39}$/i

export interface Cloned {
  /** 40 hex digits. */
  commit: string
  /** The local branch; none for a commit. */
  branch?: string
}

/** Where the wanted commit is, and the name that it has as a local branch. */
export interface Fetched {
  at: string
  branch?: string
}

/** Fetches the one commit that is wanted; where a server does not give it alone, everything. */
export async function fetchSource(git: Git, uri: string, { revision, verbosity = 'verbose' }: CloneRequest): Promise<Fetched> {
  const loud = { verbose: ['--verbose'], normal: [], quiet: ['--quiet'] }[verbosity]
  await git(['init', '--quiet'])
  await git(['remote', 'add', '--', 'origin', uri])
  const shallow = ['fetch', ...loud, '--depth=1', '--no-tags', 'origin']
  if (revision === undefined) {
    const branch = headBranch(await git(['ls-remote', '--symref', 'origin', 'HEAD']))
    await git([...shallow, branch === undefined ? 'HEAD' : refspec(branch)])
    return { at: 'FETCH_HEAD', ...(branch === undefined ? {} : { branch }) }
  }
  try {
    await git([...shallow, revision])
    return { at: 'FETCH_HEAD', ...(COMMIT.test(revision) ? {} : { branch: branchName(revision) }) }
  } catch (error) {
    const isCommit = COMMIT.test(revision) || SHORT_COMMIT.test(revision)
    if (!isCommit || !(error instanceof GitFailure) || !isUnknownCommit(error.said)) throw error
    await git(['fetch', ...loud, '--tags', 'origin', '+refs/heads/*:refs/remotes/origin/*'])
    return { at: revision }
  }
}

/** The remote name is kept, so that `origin/<branch>` is known as after a clone. */
const refspec = (branch: string) => `+refs/heads/${branch}:refs/remotes/origin/${branch}`

const headBranch = (listed: string) => /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(listed)?.[1]
const branchName = (revision: string) => revision.replace(/^refs\/(heads|tags)\//, '')

/** Only `paths`, if there are any. */
export async function checkout(git: Git, { at, branch }: Fetched, { paths = [], cone = false }: CloneRequest): Promise<Cloned> {
  if (paths.length > 0)
    await git(['sparse-checkout', 'set', cone ? '--cone' : '--no-cone', '--stdin'], { input: `${paths.join('\n')}\n` })
  const target = `${at}^{commit}`
  const commit = (await git(['rev-parse', '--verify', '--quiet', target])).trim()
  await git(['checkout', '--quiet', ...(branch === undefined ? ['--detach'] : ['-B', branch]), commit])
  return { commit, ...(branch === undefined ? {} : { branch }) }
}
