import * as fs from 'node:fs'
import { ERRNO, errnoOf, fail } from './wasi-errors.ts'
import type { WasiImports, WasiMemory } from './wasi-memory.ts'
import { pathInside, realRoot } from './wasi-paths.ts'

export interface WasiFilesOptions {
  memory: WasiMemory
  /** The folder that the program may use, under the name "." and under its own. */
  cwd: string
  write(fd: 1 | 2, bytes: Uint8Array): void
  /** At most `length` bytes, at least one; none at the end. */
  read(length: number): Uint8Array
}

export interface WasiFiles {
  imports: WasiImports
  close(): void
}

type Entry =
  | { kind: 'stream' }
  | { kind: 'folder'; path: string; root: string; name?: string; entries?: fs.Dirent[] }
  | { kind: 'file'; fd: number; at: number; isAppending: boolean }

const OPEN = { create: 1, folder: 2, exclusive: 4, truncate: 8 }
/** fd_write, fd_allocate, fd_filestat_set_size. */
const RIGHTS_TO_WRITE = (1n << 6n) | (1n << 8n) | (1n << 22n)
const RIGHT_TO_READ = 1n << 1n
const ALL_RIGHTS = (1n << 30n) - 1n
const TYPE = { unknown: 0, device: 2, folder: 3, file: 4, link: 7 }

/** Files below the working directory, by system calls of preview 1: what leads out of it is refused, links too. */
export function wasiFiles({ memory, cwd, write, read }: WasiFilesOptions): WasiFiles {
  const root = realRoot(cwd)
  const table = new Map<number, Entry>([0, 1, 2].map((fd) => [fd, { kind: 'stream' }]))
  table.set(3, { kind: 'folder', path: root, root, name: '.' })
  table.set(4, { kind: 'folder', path: root, root, name: cwd })

  const entry = (fd: number): Entry => table.get(fd) ?? fail(ERRNO.badf)
  const file = (fd: number) => {
    const found = entry(fd)
    return found.kind === 'file' ? found : fail(found.kind === 'folder' ? ERRNO.isdir : ERRNO.spipe)
  }
  const folder = (fd: number) => {
    const found = entry(fd)
    return found.kind === 'folder' ? found : fail(ERRNO.notdir)
  }

  /** An absolute path inside the root; the last part may be missing or, with `isLink`, a link that is not followed. */
  function locate(fd: number, at: number, length: number, isLink = false): string {
    const { path, root } = folder(fd)
    return pathInside(root, path, memory.text(at, length), isLink)
  }

  function add(added: Entry): number {
    let fd = 5
    while (table.has(fd)) fd += 1
    table.set(fd, added)
    return fd
  }

  function* vectors(at: number, count: number): Generator<Uint8Array> {
    for (let i = 0; i < count; i += 1) yield memory.bytes(memory.getU32(at + 8 * i), memory.getU32(at + 8 * i + 4))
  }

  function readInto(target: Uint8Array, from: { fd: number } | null, position: number): number {
    if (from) return fs.readSync(from.fd, target, 0, target.length, position)
    const bytes = read(target.length)
    target.set(bytes)
    return bytes.length
  }

  function readAll(list: Iterable<Uint8Array>, from: { fd: number } | null, position: number): number {
    let total = 0
    for (const target of list) {
      if (target.length === 0) continue
      const length = readInto(target, from, position + total)
      total += length
      if (length < target.length) break
    }
    return total
  }

  function writeAll(list: Iterable<Uint8Array>, to: { fd: number }, position: number | null): number {
    let total = 0
    for (const bytes of list) total += fs.writeSync(to.fd, bytes, 0, bytes.length, position === null ? null : position + total)
    return total
  }

  function putStat(at: number, found: fs.BigIntStats): number {
    memory.bytes(at, 64).fill(0)
    memory.setU64(at, found.dev)
    memory.setU64(at + 8, found.ino)
    memory.bytes(at + 16, 1)[0] = typeOf(found)
    memory.setU64(at + 24, found.nlink)
    memory.setU64(at + 32, found.size)
    memory.setU64(at + 40, found.atimeNs)
    memory.setU64(at + 48, found.mtimeNs)
    return memory.setU64(at + 56, found.ctimeNs)
  }

  function open(path: string, flags: number, rights: bigint, fdFlags: number): Entry {
    const found = fs.statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory() && !(flags & OPEN.create)) return { kind: 'folder', path, root }
    if (flags & OPEN.folder) fail(found ? ERRNO.notdir : ERRNO.noent)
    const isWriting = (rights & RIGHTS_TO_WRITE) !== 0n
    const isReading = (rights & RIGHT_TO_READ) !== 0n
    const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = fs.constants
    const isAppending = (fdFlags & 1) !== 0
    const how =
      (isWriting ? (isReading ? O_RDWR : O_WRONLY) : O_RDONLY) |
      (flags & OPEN.create ? O_CREAT : 0) |
      (flags & OPEN.exclusive ? O_EXCL : 0) |
      (flags & OPEN.truncate ? O_TRUNC : 0) |
      (isAppending ? O_APPEND : 0)
    return { kind: 'file', fd: fs.openSync(path, how, 0o666), at: 0, isAppending }
  }

  function list(asked: Extract<Entry, { kind: 'folder' }>, at: number, room: number, cookie: number): number {
    if (cookie === 0 || !asked.entries) asked.entries = fs.readdirSync(asked.path, { withFileTypes: true })
    let used = 0
    for (const [i, found] of asked.entries.entries()) {
      if (i < cookie) continue
      const name = Buffer.from(found.name)
      const record = Buffer.alloc(24 + name.length)
      record.writeBigUInt64LE(BigInt(i + 1), 0)
      record.writeUInt32LE(name.length, 16)
      record[20] = typeOf(found)
      name.copy(record, 24)
      const part = record.subarray(0, room - used)
      memory.bytes(at + used, part.length).set(part)
      used += part.length
      // A full buffer says that there is more.
      if (used === room) break
    }
    return used
  }

  const calls: WasiImports = {
    fd_write(fd: number, at: number, count: number, out: number) {
      const found = entry(fd)
      if (found.kind === 'folder') fail(ERRNO.isdir)
      if (found.kind === 'file') {
        const length = writeAll(vectors(at, count), found, found.isAppending ? null : found.at)
        found.at += length
        return memory.setU32(out, length)
      }
      let length = 0
      for (const bytes of vectors(at, count)) {
        write(fd === 2 ? 2 : 1, bytes)
        length += bytes.length
      }
      return memory.setU32(out, length)
    },
    fd_read(fd: number, at: number, count: number, out: number) {
      const found = entry(fd)
      if (found.kind === 'folder') fail(ERRNO.isdir)
      const from = found.kind === 'file' ? found : null
      const length = readAll(vectors(at, count), from, from?.at ?? 0)
      if (from) from.at += length
      return memory.setU32(out, length)
    },
    fd_pread: (fd: number, at: number, count: number, position: bigint, out: number) =>
      memory.setU32(out, readAll(vectors(at, count), file(fd), Number(position))),
    fd_pwrite: (fd: number, at: number, count: number, position: bigint, out: number) =>
      memory.setU32(out, writeAll(vectors(at, count), file(fd), Number(position))),
    fd_seek(fd: number, offset: bigint, whence: number, out: number) {
      const found = file(fd)
      const base = whence === 0 ? 0 : whence === 1 ? found.at : fs.fstatSync(found.fd).size
      const at = base + Number(offset)
      if (at < 0) fail(ERRNO.inval)
      found.at = at
      return memory.setU64(out, BigInt(at))
    },
    fd_tell: (fd: number, out: number) => memory.setU64(out, BigInt(file(fd).at)),
    fd_close(fd: number) {
      const found = entry(fd)
      if (found.kind === 'file') fs.closeSync(found.fd)
      table.delete(fd)
    },
    fd_renumber(from: number, to: number) {
      const moved = entry(from)
      const before = entry(to)
      if (before.kind === 'file' && from !== to) fs.closeSync(before.fd)
      table.delete(from)
      table.set(to, moved)
    },
    fd_fdstat_get(fd: number, at: number) {
      const found = entry(fd)
      memory.bytes(at, 24).fill(0)
      memory.bytes(at, 1)[0] = { stream: TYPE.device, folder: TYPE.folder, file: TYPE.file }[found.kind]
      memory.setU64(at + 8, ALL_RIGHTS)
      return memory.setU64(at + 16, ALL_RIGHTS)
    },
    fd_fdstat_set_flags: (fd: number) => void entry(fd),
    fd_fdstat_set_rights: (fd: number) => void entry(fd),
    fd_filestat_get(fd: number, at: number) {
      const found = entry(fd)
      if (found.kind === 'file') return putStat(at, fs.fstatSync(found.fd, { bigint: true }))
      if (found.kind === 'folder') return putStat(at, fs.statSync(found.path, { bigint: true }))
      memory.bytes(at, 64).fill(0)
      memory.bytes(at + 16, 1)[0] = TYPE.device
      return ERRNO.success
    },
    fd_filestat_set_size: (fd: number, size: bigint) => fs.ftruncateSync(file(fd).fd, Number(size)),
    fd_filestat_set_times: (fd: number) => void entry(fd),
    fd_allocate: (fd: number) => void file(fd),
    fd_advise: (fd: number) => void file(fd),
    fd_sync: (fd: number) => fs.fsyncSync(file(fd).fd),
    fd_datasync: (fd: number) => fs.fdatasyncSync(file(fd).fd),
    fd_prestat_get(fd: number, at: number) {
      const found = entry(fd)
      if (found.kind !== 'folder' || found.name === undefined) fail(ERRNO.badf)
      memory.setU32(at, 0)
      return memory.setU32(at + 4, Buffer.byteLength((found as { name: string }).name))
    },
    fd_prestat_dir_name(fd: number, at: number, length: number) {
      const { name = '' } = folder(fd)
      memory.bytes(at, length).set(Buffer.from(name).subarray(0, length))
    },
    fd_readdir: (fd: number, at: number, room: number, cookie: bigint, out: number) =>
      memory.setU32(out, list(folder(fd), at, room, Number(cookie))),
    path_open(
      fd: number,
      look: number,
      at: number,
      length: number,
      flags: number,
      rights: bigint,
      _: bigint,
      fdFlags: number,
      out: number,
    ) {
      return memory.setU32(out, add(open(locate(fd, at, length, (look & 1) === 0), flags, rights, fdFlags)))
    },
    path_filestat_get(fd: number, look: number, at: number, length: number, out: number) {
      const isFollowing = (look & 1) === 1
      const path = locate(fd, at, length, !isFollowing)
      const how = { bigint: true, throwIfNoEntry: false } as const
      return putStat(out, (isFollowing ? fs.statSync(path, how) : fs.lstatSync(path, how)) ?? fail(ERRNO.noent))
    },
    path_filestat_set_times: (fd: number, _look: number, at: number, length: number) => void locate(fd, at, length),
    path_create_directory: (fd: number, at: number, length: number) => fs.mkdirSync(locate(fd, at, length)),
    path_remove_directory: (fd: number, at: number, length: number) => fs.rmdirSync(locate(fd, at, length, true)),
    path_unlink_file: (fd: number, at: number, length: number) => fs.unlinkSync(locate(fd, at, length, true)),
    path_rename: (fd: number, at: number, length: number, toFd: number, toAt: number, toLength: number) =>
      fs.renameSync(locate(fd, at, length, true), locate(toFd, toAt, toLength, true)),
    path_readlink(fd: number, at: number, length: number, to: number, room: number, out: number) {
      const target = Buffer.from(fs.readlinkSync(locate(fd, at, length, true))).subarray(0, room)
      memory.bytes(to, target.length).set(target)
      return memory.setU32(out, target.length)
    },
  }

  return {
    imports: Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, answering(call)])),
    close() {
      for (const found of table.values()) if (found.kind === 'file') fs.closeSync(found.fd)
      table.clear()
    },
  }
}

/** An import that answers with a number, whatever happens. */
function answering(call: (...args: never[]) => unknown): (...args: never[]) => number {
  return (...args) => {
    try {
      return (call(...args) as number | undefined) ?? ERRNO.success
    } catch (error) {
      return errnoOf(error)
    }
  }
}

function typeOf(found: { isDirectory(): boolean; isFile(): boolean; isSymbolicLink(): boolean }): number {
  if (found.isDirectory()) return TYPE.folder
  if (found.isFile()) return TYPE.file
  return found.isSymbolicLink() ? TYPE.link : TYPE.unknown
}
