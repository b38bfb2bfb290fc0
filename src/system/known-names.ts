/** More names than these are read by nobody. */
const MOST_LISTED = 30

/** The next step for a name that there is not: `Did you mean "level"?`, or all that there are if none is like it. */
export function namesHint(given: string, known: readonly string[], most = MOST_LISTED): string {
  if (known.length === 0) return 'There are none.'
  const nearest = nearestName(given, known)
  if (nearest !== undefined) return `Did you mean "${nearest}"?`
  if (known.length === 1) return `There is only ${known[0]}.`
  const more = known.length > most ? ` and ${known.length - most} more` : ''
  return `There are ${known.slice(0, most).join(', ')}${more}.`
}

/** The one that was probably meant; undefined if none is like it. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((name) => ({ name, edits: editsBetween(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.edits - b.edits)
  return nearest?.name
}

/** Letters to add, drop, change or swap with the next. @see https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance */
function editsBetween(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwapped ? before[j - 2]! + 1 : Infinity
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), swapped))
    }
    before = row
    row = next
  }
  return row[b.length]!
}
