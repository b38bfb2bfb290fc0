/** Output of one stream of a process, from the last byte that was acknowledged on. Offsets count from the start of the process. */
export interface KeptOutput {
  add(bytes: Buffer): void
  /** @returns false where there are no such bytes */
  ack(offset: number): boolean
  /** The next piece that has not been sent, `maxBytes` at most; undefined: all has been sent. */
  next(maxBytes: number): { offset: number; bytes: Buffer } | undefined
  /** Sending goes on from here; @returns false where these bytes are gone, or never were */
  rewind(offset: number): boolean
  readonly ackedOffset: number
  readonly endOffset: number
  /** Bytes that are kept. */
  readonly size: number
}

export function keptOutput(): KeptOutput {
  /** Pieces in order; the first begins at `startOffset`. */
  let pieces: Buffer[] = []
  let startOffset = 0
  let endOffset = 0
  let ackedOffset = 0
  /** The piece that is sent next, and how far it has been. */
  let at = 0
  let within = 0
  let nextOffset = 0

  const rewind = (offset: number) => {
    if (offset < ackedOffset || offset > endOffset) return false
    let left = offset - startOffset
    for (at = 0; at < pieces.length && left >= pieces[at]!.length; at += 1) left -= pieces[at]!.length
    within = left
    nextOffset = offset
    return true
  }
  return {
    add(bytes) {
      pieces.push(bytes)
      endOffset += bytes.length
    },
    ack(offset) {
      if (offset > endOffset) return false
      if (offset <= ackedOffset) return true
      ackedOffset = offset
      let dropped = 0
      while (dropped < pieces.length && startOffset + pieces[dropped]!.length <= offset) {
        startOffset += pieces[dropped]!.length
        dropped += 1
      }
      pieces = pieces.slice(dropped)
      at -= dropped
      // Acknowledged beyond what this connection has sent: another one had sent it.
      if (nextOffset < ackedOffset) rewind(ackedOffset)
      return true
    },
    next(maxBytes) {
      const piece = pieces[at]
      if (!piece) return undefined
      const offset = nextOffset
      const bytes = piece.subarray(within, within + maxBytes)
      within += bytes.length
      nextOffset += bytes.length
      if (within === piece.length) {
        at += 1
        within = 0
      }
      return { offset, bytes }
    },
    rewind,
    get ackedOffset() {
      return ackedOffset
    },
    get endOffset() {
      return endOffset
    },
    get size() {
      return endOffset - ackedOffset
    },
  }
}
