/** Folder by folder, in the order of names by code units: as files are packed everywhere. */
export function byWalk(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')]
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    if (left[i] !== right[i]) return left[i]! < right[i]! ? -1 : 1
  }
  return left.length - right.length
}

/** Folders below which absolute patterns can match, none inside another. */
export function literalFolders(patterns: readonly string[]): string[] {
  const folders = patterns.map((pattern) => {
    const parts = pattern.split('/')
    const first = parts.findIndex((part) => /[*?[\]{}\\]/.test(part))
    return parts.slice(0, first === -1 ? -1 : first).join('/') || '/'
  })
  const all = [...new Set(folders)]
  const isInside = (folder: string, other: string) => folder !== other && `${folder}/`.startsWith(other === '/' ? '/' : `${other}/`)
  return all.filter((folder) => !all.some((other) => isInside(folder, other)))
}
