/** The next step for a name that there is not, e.g. `Did you mean "level"? There are strategy, level.` */
export function namesHint(given: string, known: readonly string[]): string {
  if (known.length === 0) return 'There are none.'
  const nearest = nearestName(given, known)
  return `${nearest === undefined ? '' : `Did you mean "${nearest}"? `}There are ${known.join(', ')}.`
}

/** The one that was probably meant; undefined if none is like it. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((name) => ({ name, edits: editsBetween(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.edits - b.edits)
  return nearest?.name
}

/** Letters to add, drop or change. @see https://en.wikipedia.org/wiki/Levenshtein_distance */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
