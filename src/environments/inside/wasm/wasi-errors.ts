/** The numbers of errors in `wasi_snapshot_preview1`, as far as they are used. */
export const ERRNO = {
  success: 0,
  acces: 2,
  badf: 8,
  exist: 20,
  inval: 28,
  io: 29,
  isdir: 31,
  loop: 32,
  nametoolong: 37,
  noent: 44,
  nospc: 51,
  nosys: 52,
  notdir: 54,
  notempty: 55,
  perm: 63,
  rofs: 69,
  spipe: 70,
  notcapable: 76,
} as const

const BY_CODE: Record<string, number> = {
  EACCES: ERRNO.acces,
  EBADF: ERRNO.badf,
  EEXIST: ERRNO.exist,
  EINVAL: ERRNO.inval,
  EISDIR: ERRNO.isdir,
  ELOOP: ERRNO.loop,
  ENAMETOOLONG: ERRNO.nametoolong,
  ENOENT: ERRNO.noent,
  ENOSPC: ERRNO.nospc,
  ENOTDIR: ERRNO.notdir,
  ENOTEMPTY: ERRNO.notempty,
  EPERM: ERRNO.perm,
  EROFS: ERRNO.rofs,
}

/** The number for an error of `node:fs`, or one of ours; anything else is a fault in the shim and is thrown on. */
export function errnoOf(error: unknown): number {
  if (error instanceof WasiError) return error.errno
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  if (typeof code !== 'string') throw error
  return BY_CODE[code] ?? ERRNO.io
}

/** A refusal by its number. No Error: a stack through frames of wasm costs more than all that the call does. */
export class WasiError {
  readonly errno: number
  constructor(errno: number) {
    this.errno = errno
  }
}

export function fail(errno: number): never {
  throw new WasiError(errno)
}
