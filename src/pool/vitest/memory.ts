import { createHash } from 'node:crypto'
import { appendFileSync, closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ChildProfile } from '../../contracts/profiles.ts'
import { makeFolder } from '../../system/files.ts'

/** What was learnt about one file; valid as long as its content is the same. */
export interface Lesson {
  /** Absolute path. */
  file: string
  project: string
  /** SHA-1 of the file, hex. */
  content: string
  /** ms since 1970. */
  atMs: number
  /** `needs-process`: fails in a warm host and not in a fork; `fails`: fails the very same way in both. */
  verdict: 'needs-process' | 'fails'
  /** For people. */
  reason: string
  /** Of `fails`: see `Failure.digest`. */
  digest?: string
}

/** One file's last run, for `everwarm explain`. */
export interface FileRun {
  file: string
  project: string
  atMs: number
  /** A runtime's name: in a child that runs in it. */
  where: 'host' | 'fork' | ChildProfile['runtime']
  why: string
  state: 'passed' | 'failed'
  hostPid?: number
  /** ms of the phases; a phase that is not known is missing. */
  phases: Record<string, number>
}

/** A file that needs a process is tried in a host again after this time: what it imports may have changed. */
const RETRY_AFTER_MS = 24 * 3_600_000
/** Each time a store has grown by this much it is looked whether most of it is old. */
const COMPACT_BYTES = 512 * 1024

/**
 * The lessons and last runs of one root, as JSON lines that are only ever appended: parallel runs never overwrite
 * each other, and a torn last line is skipped.
 */
export class FileMemory {
  readonly #lessonsPath: string
  readonly #runsPath: string
  readonly #folder: string
  #lessons: Map<string, Lesson[]> | undefined
  readonly #runs: FileRun[] = []

  constructor(cacheDir: string, root: string) {
    this.#folder = join(cacheDir, 'files')
    const name = createHash('sha1').update(root).digest('hex').slice(0, 16)
    this.#lessonsPath = join(this.#folder, `${name}.lessons.jsonl`)
    this.#runsPath = join(this.#folder, `${name}.runs.jsonl`)
  }

  /** What holds for the file as it is now: its content is read only if something was learnt about it. */
  lessons(file: string, project: string, nowMs = Date.now()): Lesson[] {
    const all = this.#read().get(keyOf({ file, project }))
    if (!all) return []
    const content = contentOf(file)
    return all.filter(
      (lesson) => lesson.content === content && (lesson.verdict === 'fails' || nowMs - lesson.atMs < RETRY_AFTER_MS),
    )
  }

  learn(lesson: Omit<Lesson, 'content' | 'atMs'>): void {
    const content = contentOf(lesson.file)
    if (content === undefined) return
    const learnt: Lesson = { ...lesson, content, atMs: Date.now() }
    remember(this.#read(), learnt)
    append(this.#folder, this.#lessonsPath, [learnt])
  }

  ran(run: FileRun): void {
    this.#runs.push(run)
  }

  /** Writes the runs since the last call; all at once, because one write per file would cost more than the file. */
  flush(): void {
    if (this.#runs.length === 0) return
    const bytesBefore = sizeOf(this.#runsPath)
    append(this.#folder, this.#runsPath, this.#runs.splice(0))
    const hasGrown = Math.floor(bytesBefore / COMPACT_BYTES) < Math.floor(sizeOf(this.#runsPath) / COMPACT_BYTES)
    if (!hasGrown) return
    compact<FileRun>(this.#runsPath, keyOf)
    compact<Lesson>(this.#lessonsPath, (lesson) => `${keyOf(lesson)}\0${lesson.verdict}`)
  }

  /** The memory in which this file is known: that of the nearest folder above it that was the root of a run. */
  static of(cacheDir: string, file: string): FileMemory | undefined {
    for (let root = dirname(file); ; root = dirname(root)) {
      const memory = new FileMemory(cacheDir, root)
      if (memory.lastRuns(file).length > 0 || memory.allLessons(file).length > 0) return memory
      if (dirname(root) === root) return undefined
    }
  }

  /** The last run of every file, per project. */
  allLastRuns(): FileRun[] {
    return [...new Map(readLines<FileRun>(this.#runsPath).map((run) => [keyOf(run), run])).values()]
  }

  /** What keeps files of this root out of warm hosts now. */
  needingProcess(): Lesson[] {
    return [...this.#read().values()]
      .flat()
      .filter((lesson) => lesson.verdict === 'needs-process' && lesson.content === contentOf(lesson.file))
  }

  /** The last run of a file in each project, latest first. */
  lastRuns(file: string): FileRun[] {
    const last = new Map<string, FileRun>()
    for (const run of readLines<FileRun>(this.#runsPath)) if (run.file === file) last.set(run.project, run)
    return [...last.values()].sort((a, b) => b.atMs - a.atMs)
  }

  /** All that was learnt about a file and still holds, over all projects. */
  allLessons(file: string): Lesson[] {
    const content = contentOf(file)
    return [...this.#read().values()].flat().filter((lesson) => lesson.file === file && lesson.content === content)
  }

  #read(): Map<string, Lesson[]> {
    if (!this.#lessons) {
      this.#lessons = new Map()
      for (const lesson of readLines<Lesson>(this.#lessonsPath)) remember(this.#lessons, lesson)
    }
    return this.#lessons
  }
}

const keyOf = ({ file, project }: { file: string; project: string }) => `${project}\0${file}`

/** One lesson per verdict: a newer one takes the place of the one before. */
function remember(lessons: Map<string, Lesson[]>, lesson: Lesson): void {
  const others = (lessons.get(keyOf(lesson)) ?? []).filter((other) => other.verdict !== lesson.verdict)
  lessons.set(keyOf(lesson), [...others, lesson])
}

/** undefined: the file is gone. */
function contentOf(file: string): string | undefined {
  try {
    return createHash('sha1').update(readFileSync(file)).digest('hex')
  } catch {
    return undefined
  }
}

function readLines<T extends { file: string }>(path: string): T[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // Nothing was learnt yet.
    return []
  }
  return text.split('\n').flatMap((line) => parseLine<T>(line))
}

function parseLine<T extends { file: string }>(line: string): T[] {
  try {
    const value = JSON.parse(line) as T
    return typeof value.file === 'string' ? [value] : []
  } catch {
    // Empty, or torn by a full disk.
    return []
  }
}

function append(folder: string, path: string, values: object[]): void {
  const lines = values.map((value) => `${JSON.stringify(value)}\n`).join('')
  try {
    makeFolder(folder)
    // One write with O_APPEND: lines of parallel runs do not mix.
    appendFileSync(path, lines, { mode: 0o600 })
  } catch {
    // A full or read-only disk costs the memory, not the run.
  }
}

/** Keeps the last line of each key; of several processes one does it. */
function compact<T extends { file: string }>(path: string, key: (value: T) => string): void {
  const bytes = sizeOf(path)
  if (bytes === 0) return
  const lock = `${path}.lock`
  try {
    closeSync(openSync(lock, 'wx', 0o600))
  } catch {
    // Another process does it now, or died doing it.
    if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 60_000) rmSync(lock, { force: true })
    return
  }
  try {
    const last = new Map(readLines<T>(path).map((value) => [key(value), value]))
    const lines = [...last.values()].map((value) => `${JSON.stringify(value)}\n`).join('')
    // If most lines are still needed the file is just large: do not rewrite it with every run.
    if (lines.length > bytes / 2) return
    writeFileSync(`${path}.draft`, lines, { mode: 0o600 })
    if (sizeOf(path) === bytes) renameSync(`${path}.draft`, path)
  } finally {
    rmSync(`${path}.draft`, { force: true })
    rmSync(lock, { force: true })
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    // Absent, or a path that leads nowhere.
    return 0
  }
}
