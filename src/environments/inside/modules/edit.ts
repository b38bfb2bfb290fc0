/** A replacement of `[start, end)`; never changes the number of lines. */
export interface Edit {
  start: number
  end: number
  text: string
}

export function applyEdits(source: string, edits: Edit[]): string {
  let out = ''
  let at = 0
  for (const edit of edits) {
    out += source.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return out + source.slice(at)
}
