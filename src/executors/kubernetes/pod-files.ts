import { posix } from 'node:path'
import type { Readable } from 'node:stream'
import { Readable as NodeReadable } from 'node:stream'
import type { HearLinkOutside } from '../../content/archive/packed-link.ts'
import { noFolder } from '../../content/archive/no-folder.ts'
import { repack } from '../../content/archive/repack.ts'
import { verifyArchive } from '../../content/archive/verify.ts'
import { pathMatcher } from '../../content/glob.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import type { GlobPatterns, SiteFiles } from '../executor.ts'
import { globRoots, packList } from '../found-files.ts'
import type { Cluster } from './cluster.ts'
import type { ExecTarget } from './exec-session.ts'
import { INTERNAL } from './lifeline-script.ts'
import { quote } from './quote.ts'
import { readScript } from './read-script.ts'
import { runScript, type ScriptResult } from './run-script.ts'

const REPO = '/data/repo'
/** Of one part of an archive on its way in. */
const PART_BYTES = 8 * 1_024 * 1_024

/** @param targetFor the container that sees a path */
export function podFiles(cluster: Cluster, targetFor: (path: string) => ExecTarget): SiteFiles {
  const path = (text: string) => posix.resolve(REPO, text)
  const run = (at: string, script: string, args: readonly string[], input?: Buffer) =>
    runScript(cluster, targetFor(at), script, args, input)

  return {
    path,
    async readFile(file, mostBytes) {
      const at = path(file)
      const script = '[ -f "$1" ] || exit 3; s=$(wc -c <"$1") || exit 5; [ "$s" -le "$2" ] || exit 4; cat "$1"'
      const { exitCode, stdout } = await run(at, script, [at, String(mostBytes)])
      if (exitCode === 0) return stdout
      throw notRead(at, exitCode === 3 ? 'no such file' : exitCode === 4 ? `more than ${mostBytes} bytes` : 'it may not be read')
    },
    async writeFile(file, content, mode = 0o644) {
      const at = path(file)
      const args = [at, posix.dirname(at), String(content.length), mode.toString(8)]
      wrote(at, await run(at, WRITE, args, content))
    },
    async readSmall(folder, mostBytes) {
      const at = path(folder)
      return smallFiles((await run(at, READ_SMALL, [at, String(mostBytes)])).stdout)
    },
    async glob(patterns) {
      const meant = pathMatcher(patterns)
      const found = await Promise.all(globRoots(patterns).map(async (at) => (await run(at, FIND_FILES, [at])).stdout))
      return [...new Set(found.flatMap(names))].filter(meant).sort()
    },
    pack: (from, patterns, onLinkOutside) => pack(cluster, targetFor(path(from)), path(from), patterns, onLinkOutside),
    unpack: (to, archive) => unpack(path(to), archive, (script, args, input) => run(path(to), script, args, input)),
    async empty(folder) {
      const at = path(folder)
      wrote(at, await run(at, 'mkdir -p "$1" && cd "$1" && rm -rf -- ./* ./.[!.]* ./..?*', [at]))
    },
  }
}

const WRITE = `mkdir -p "$2" || exit 1
t="$1.everwarm-$$"
head -c "$3" >"$t" && chmod "$4" "$t" && mv -f "$t" "$1" && exit 0
rm -f "$t"; exit 1`

/** Says a name, a NUL, the size, a new line, and the bytes of each. */
const READ_SMALL = `cd "$1" 2>/dev/null || exit 0
for f in *; do
  [ -f "$f" ] && [ ! -L "$f" ] || continue
  s=$(wc -c <"$f") && [ "$s" -le "$2" ] || continue
  s=$((s))
  printf '%s\\000%s\\n' "$f" "$s"
  head -c "$s" "$f"
done`

function smallFiles(said: Buffer): Record<string, Buffer> {
  const files: Record<string, Buffer> = {}
  for (let at = 0; at < said.length;) {
    const middle = said.indexOf(0, at)
    const end = said.indexOf(10, middle)
    const size = Number(said.toString('latin1', middle + 1, end))
    files[said.toString('utf8', at, middle)] = said.subarray(end + 1, end + 1 + size)
    at = end + 1 + size
  }
  return files
}

/** Files, and links to files. */
const FIND_FILES = `[ -e "$1" ] || exit 0
find "$1" -type f -print0; find "$1" -type l -exec test -f '{}' ';' -print0`
const names = (found: Buffer) => found.toString('utf8').split('\0').filter(Boolean)

/** Kind and path of each, with a NUL behind it. */
const FIND_ALL = `cd "$1" 2>/dev/null || exit 3
find . -type d -exec printf 'd%s\\000' {} + && find . ! -type d '(' -type f -o -type l ')' -exec printf 'f%s\\000' {} +`

/** Quoted names of so many bytes are written into one command line; they come by input, since addresses have to be short. */
const MOST_OF_LINE = 262_144
const TAR_LINE = `cd "$1" || exit 1
case $(tar --help 2>&1) in *--no-recursion*) more=--no-recursion ;; *) more= ;; esac
names=$(head -c "$2")
eval "exec tar -c -f - $more $names"`
/** Other tars than GNU's take all of the folder; who reads it leaves out the rest. */
const TAR_LIST = `cd "$1" || exit 1
case $(tar --version 2>/dev/null) in
*GNU*) head -c "$2" | tar -c -f - --null --no-recursion -T - ;;
*) exec tar -c -f - . ;;
esac`

async function pack(
  cluster: Cluster,
  target: ExecTarget,
  from: string,
  patterns: GlobPatterns,
  onLinkOutside?: HearLinkOutside,
): Promise<Readable> {
  const found = await runScript(cluster, target, FIND_ALL, [from])
  if (found.exitCode === 3) throw noFolder(from)
  if (found.exitCode !== 0) throw notRead(from, found.stderr.trim() || 'there is no `find`')
  const list = packList(found.stdout, patterns)
  if (list.length === 0) return repack(NodeReadable.from([Buffer.alloc(1_024)]), { strip: '' })
  const line = Buffer.from(list.map(quote).join(' '))
  const [script, input] =
    line.length < MOST_OF_LINE ? [TAR_LINE, line] : [TAR_LIST, Buffer.from(list.map((name) => `${name}\0`).join(''))]
  const tar = await readScript(cluster, target, script, [from, String(input.length)], input)
  return repack(tar, { strip: '', patterns, hidden: true, root: from, ...(onLinkOutside ? { onLinkOutside } : {}) })
}

/** Part by part into an internal file, and unpacked when all of it has been found to be safe. */
async function unpack(
  to: string,
  archive: Readable,
  run: (script: string, args: readonly string[], input?: Buffer) => Promise<ScriptResult>,
): Promise<void> {
  const file = `${INTERNAL}/archive-${(count += 1)}`
  const remove = () => run('rm -f "$1"', [file]).catch(() => {})
  try {
    let isGzipped: boolean | undefined
    for await (const part of inParts(verifyArchive(archive))) {
      isGzipped ??= part[0] === 0x1f && part[1] === 0x8b
      wrote(to, await run('head -c "$2" >>"$1"', [file, String(part.length)], part))
    }
    wrote(to, await run('mkdir -p "$2" && tar -xof "$1" $3 -C "$2"', [file, to, isGzipped ? '-z' : '']))
  } finally {
    await remove()
  }
}
let count = 0

async function* inParts(source: Readable): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of source as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes < PART_BYTES) continue
    yield Buffer.concat(chunks)
    chunks = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(chunks)
}

const notRead = (path: string, why: string) =>
  new EverwarmError('FILE_NOT_READ', {
    message: `${path} cannot be read: ${why}.`,
    hint: 'See with a step `ls -l` what is there.',
  })

function wrote(path: string, { exitCode, stderr }: ScriptResult): void {
  if (exitCode === 0) return
  throw new EverwarmError('FILE_NOT_WRITTEN', {
    message: `${path} cannot be written: ${stderr.trim() || `sh ended with ${exitCode}`}.`,
    hint: 'See who may write there, and how much room there is.',
  })
}
