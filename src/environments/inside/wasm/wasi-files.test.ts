import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ERRNO } from './wasi-errors.ts'
import { type WasiFiles, wasiFiles } from './wasi-files.ts'
import { type WasiMemory, wasiMemory } from './wasi-memory.ts'

let folder: string
let memory: WasiMemory
let files: WasiFiles
const written: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ew-wasi-'))
  writeFileSync(join(folder, 'in.txt'), 'hello wasi')
  mkdirSync(join(folder, 'sub'))
  const pages = new WebAssembly.Memory({ initial: 2 })
  memory = wasiMemory(() => pages)
  files = wasiFiles({
    memory,
    cwd: folder,
    write: (fd, bytes) => written.push(`${fd} ${Buffer.from(bytes).toString()}`),
    read: () => new Uint8Array(0),
  })
})
afterEach(() => {
  files.close()
  written.length = 0
  rmSync(folder, { recursive: true, force: true })
})

const call = (name: string, ...args: unknown[]) => (files.imports[name] as (...args: unknown[]) => number)(...args)
const READ = 1n << 1n
const WRITE = 1n << 6n

/** Puts a text at 1,024; operands. */
function text(value: string): [number, number] {
  const bytes = Buffer.from(value)
  memory.bytes(1_024, bytes.length).set(bytes)
  return [1_024, bytes.length]
}

/** The file descriptor, or the error below 0. */
function open(path: string, { flags = 0, rights = READ, fd = 3, fdFlags = 0 } = {}): number {
  const errno = call('path_open', fd, 1, ...text(path), flags, rights, 0n, fdFlags, 0)
  return errno === 0 ? memory.getU32(0) : -errno
}

/** At most `length` bytes, read by one vector at 2,048. */
function read(fd: number, length = 100): string {
  memory.setU32(16, 2_048)
  memory.setU32(20, length)
  expect(call('fd_read', fd, 16, 1, 24)).toBe(0)
  return memory.text(2_048, memory.getU32(24))
}

function write(fd: number, value: string): number {
  const [at, length] = text(value)
  memory.setU32(16, at)
  memory.setU32(20, length)
  return call('fd_write', fd, 16, 1, 24)
}

test('files of the working directory are read, sought and told', () => {
  const fd = open('in.txt')
  expect(read(fd, 5)).toBe('hello')
  expect(read(fd)).toBe(' wasi')
  expect(read(fd)).toBe('')
  expect(call('fd_seek', fd, -4n, 2, 32)).toBe(0)
  expect(memory.getU64(32)).toBe(6n)
  expect(read(fd)).toBe('wasi')
  expect(call('fd_filestat_get', fd, 64)).toBe(0)
  expect([memory.bytes(80, 1)[0], memory.getU64(96)]).toEqual([4, 10n])
  expect(call('fd_close', fd)).toBe(0)
  expect(call('fd_close', fd)).toBe(ERRNO.badf)
})

test('files are made, written, cut, renamed and removed', () => {
  const fd = open('sub/new.txt', { flags: 1, rights: WRITE })
  expect(write(fd, 'one two')).toBe(0)
  expect(readFileSync(join(folder, 'sub/new.txt'), 'utf8')).toBe('one two')
  expect(call('fd_filestat_set_size', fd, 3n)).toBe(0)
  expect(readFileSync(join(folder, 'sub/new.txt'), 'utf8')).toBe('one')
  expect(call('path_rename', 3, ...text('sub/new.txt'), 3, ...text('sub/new.txt'))).toBe(0)
  expect(open('sub/new.txt', { flags: 1 | 4, rights: WRITE })).toBe(-ERRNO.exist)
  expect(call('path_create_directory', 3, ...text('made'))).toBe(0)
  expect(call('path_remove_directory', 3, ...text('made'))).toBe(0)
  expect(call('path_remove_directory', 3, ...text('sub'))).toBe(ERRNO.notempty)
  expect(call('path_unlink_file', 3, ...text('sub/new.txt'))).toBe(0)
  expect(open('sub/new.txt')).toBe(-ERRNO.noent)
})

test('a folder is listed, in as many pieces as there is room for', () => {
  const names: string[] = []
  for (let cookie = 0n; ;) {
    expect(call('fd_readdir', 3, 2_048, 40, cookie, 24)).toBe(0)
    const used = memory.getU32(24)
    if (used < 24) break
    const length = memory.getU32(2_048 + 16)
    if (24 + length > used) break
    names.push(memory.text(2_048 + 24, length))
    cookie = memory.getU64(2_048)
  }
  expect(names.toSorted()).toEqual(['in.txt', 'sub'])
})

test('nothing leads out of the working directory: no dots, no absolute path, no link', () => {
  const outside = mkdtempSync(join(tmpdir(), 'ew-out-'))
  writeFileSync(join(outside, 'secret'), 'x')
  symlinkSync(outside, join(folder, 'out'))
  symlinkSync(join(outside, 'not-there-yet'), join(folder, 'dangling'))
  try {
    for (const path of ['../x', 'sub/../../x', join(outside, 'secret'), 'out/secret', 'out', 'out/new', 'dangling'])
      expect(open(path, { flags: path.endsWith('new') ? 1 : 0 }), path).toBe(-ERRNO.notcapable)
    expect(open('dangling', { flags: 1, rights: WRITE })).toBe(-ERRNO.notcapable)
    expect(call('path_unlink_file', 3, ...text('out/secret'))).toBe(ERRNO.notcapable)
    expect(read(open('sub/../in.txt'))).toBe('hello wasi')
  } finally {
    rmSync(outside, { recursive: true, force: true })
  }
})

test('the working directory has two names: "." and its own, for paths that were compiled in', () => {
  const name = (fd: number) => {
    expect(call('fd_prestat_get', fd, 0)).toBe(0)
    const length = memory.getU32(4)
    expect(call('fd_prestat_dir_name', fd, 64, length)).toBe(0)
    return memory.text(64, length)
  }
  expect([name(3), name(4)]).toEqual(['.', folder])
  expect(call('fd_prestat_get', 5, 0)).toBe(ERRNO.badf)
  expect(read(open('in.txt', { fd: 4 }))).toBe('hello wasi')
})

test('streams are written where they belong, and are no files', () => {
  expect(write(1, 'out')).toBe(0)
  expect(write(2, 'err')).toBe(0)
  expect(written).toEqual(['1 out', '2 err'])
  expect(read(0)).toBe('')
  expect(call('fd_seek', 1, 0n, 0, 32)).toBe(ERRNO.spipe)
  expect(write(3, 'x')).toBe(ERRNO.isdir)
  expect(write(99, 'x')).toBe(ERRNO.badf)
})
