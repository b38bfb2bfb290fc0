/** `<dir>:<glob>,<glob>`; without patterns all files. */
export function folderAndPatterns(text: string): { folder: string; patterns: string[] } {
  // A drive of Windows has a colon, too.
  const [, folder = text, globs = ''] = /^((?:[A-Za-z]:(?=[\\/]))?[^:]+):(.*)$/s.exec(text) ?? []
  const patterns = splitOutsideBraces(globs)
  return { folder, patterns: patterns.length > 0 ? patterns : ['**/*'] }
}

/** `{a,b}` is one pattern. */
function splitOutsideBraces(globs: string): string[] {
  const list: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at <= globs.length; at++) {
    const letter = globs[at]
    if (letter === '{') depth += 1
    if (letter === '}') depth -= 1
    if (letter !== undefined && (letter !== ',' || depth > 0)) continue
    if (at > from) list.push(globs.slice(from, at))
    from = at + 1
  }
  return list
}
