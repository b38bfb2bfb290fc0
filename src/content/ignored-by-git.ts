import { spawnProcess } from '../system/spawn.ts'

/** Files and folders that git ignores, relative, folders as one; undefined: this is no folder of a repository, or there is no git. */
export async function ignoredByGit(folder: string): Promise<string[] | undefined> {
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']
  const git = spawnProcess('git', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  const chunks: Buffer[] = []
  git.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number | null>((done) => git.once('error', () => done(null)).once('close', done))
  if (code !== 0) return undefined
  const paths = Buffer.concat(chunks).toString('utf8').split('\0').filter(Boolean)
  return paths.map((path) => path.replace(/\/$/, ''))
}
