import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'

interface Entry {
  /** Of the central directory: 46 bytes and the name. */
  head: Buffer
  name: Buffer
  packed: Buffer
}

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const DEFLATED = 8
/** Its sizes would follow the data instead of standing before it. */
const SIZES_FOLLOW = 0x8

/**
 * A ZIP file in which the text of one entry is another; all others are taken over as they are, still packed.
 * @returns the same bytes where there is no such entry, or it is a ZIP64
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function changeZipEntry(zip: Buffer, name: string, change: (text: string) => string): Buffer {
  const entries = readEntries(zip)
  const entry = entries?.find((each) => each.name.toString() === name)
  if (!entries || !entry) return zip
  const before = entry.head.readUInt16LE(10) === DEFLATED ? inflateRawSync(entry.packed) : entry.packed
  const after = Buffer.from(change(before.toString('utf8')))
  if (after.equals(before)) return zip
  entry.packed = deflateRawSync(after)
  entry.head.writeUInt16LE(DEFLATED, 10)
  entry.head.writeUInt32LE(crc32(after), 16)
  entry.head.writeUInt32LE(after.length, 24)
  return writeEntries(entries)
}

function readEntries(zip: Buffer): Entry[] | undefined {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  if (end === -1 || zip.readUInt32LE(end) !== END) return undefined
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  if (count === 0xffff || at === 0xffffffff) return undefined
  return Array.from({ length: count }, () => {
    if (zip.readUInt32LE(at) !== CENTRAL) throw new Error('The list of entries of a ZIP file is broken.')
    const head = Buffer.from(zip.subarray(at, at + 46))
    const nameLength = head.readUInt16LE(28)
    const name = zip.subarray(at + 46, at + 46 + nameLength)
    at += 46 + nameLength + head.readUInt16LE(30) + head.readUInt16LE(32)
    const local = head.readUInt32LE(42)
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    return { head, name, packed: zip.subarray(from, from + head.readUInt32LE(20)) }
  })
}

function writeEntries(entries: readonly Entry[]): Buffer {
  const pieces: Buffer[] = []
  let offset = 0
  const add = (piece: Buffer) => {
    pieces.push(piece)
    offset += piece.length
  }
  for (const { head, name, packed } of entries) {
    head.writeUInt16LE(head.readUInt16LE(8) & ~SIZES_FOLLOW, 8)
    head.writeUInt32LE(packed.length, 20)
    head.writeUInt32LE(0, 30)
    head.writeUInt32LE(offset, 42)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(LOCAL, 0)
    head.copy(local, 4, 6, 30)
    add(local)
    add(name)
    add(packed)
  }
  const start = offset
  for (const { head, name } of entries) {
    add(head)
    add(name)
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(END, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(offset - start, 12)
  end.writeUInt32LE(start, 16)
  add(end)
  return Buffer.concat(pieces)
}
