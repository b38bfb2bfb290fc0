const MONTHS = 'January,February,March,April,May,June,July,August,September,October,November,December'.split(',')
const DAYS = 'Sunday,Monday,Tuesday,Wednesday,Thursday,Friday,Saturday'.split(',')
const DAY_MS = 86_400_000

/** Parts of a layout and what they stand for, the longest first where one begins like another. */
const PARTS: readonly (readonly [part: string, write: (date: Date) => string])[] = [
  ['January', (date) => MONTHS[date.getUTCMonth()]!],
  ['Jan', (date) => MONTHS[date.getUTCMonth()]!.slice(0, 3)],
  ['Monday', (date) => DAYS[date.getUTCDay()]!],
  ['Mon', (date) => DAYS[date.getUTCDay()]!.slice(0, 3)],
  ['MST', () => 'UTC'],
  ['2006', (date) => padded(date.getUTCFullYear(), 4)],
  ['__2', (date) => String(dayOfYear(date)).padStart(3)],
  // `_2006` is an underscore and a year.
  ['_2006', (date) => `_${padded(date.getUTCFullYear(), 4)}`],
  ['_2', (date) => String(date.getUTCDate()).padStart(2)],
  ['002', (date) => padded(dayOfYear(date), 3)],
  ['01', (date) => padded(date.getUTCMonth() + 1, 2)],
  ['02', (date) => padded(date.getUTCDate(), 2)],
  ['03', (date) => padded(hour12(date), 2)],
  ['04', (date) => padded(date.getUTCMinutes(), 2)],
  ['05', (date) => padded(date.getUTCSeconds(), 2)],
  ['06', (date) => padded(date.getUTCFullYear() % 100, 2)],
  ['15', (date) => padded(date.getUTCHours(), 2)],
  ['PM', (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM')],
  ['pm', (date) => (date.getUTCHours() < 12 ? 'am' : 'pm')],
  ['Z07:00:00', () => 'Z'],
  ['Z070000', () => 'Z'],
  ['Z07:00', () => 'Z'],
  ['Z0700', () => 'Z'],
  ['Z07', () => 'Z'],
  ['-07:00:00', () => '+00:00:00'],
  ['-070000', () => '+000000'],
  ['-07:00', () => '+00:00'],
  ['-0700', () => '+0000'],
  ['-07', () => '+00'],
  ['1', (date) => String(date.getUTCMonth() + 1)],
  ['2', (date) => String(date.getUTCDate())],
  ['3', (date) => String(hour12(date))],
  ['4', (date) => String(date.getUTCMinutes())],
  ['5', (date) => String(date.getUTCSeconds())],
]
const FRACTION = /[.,](0+|9+)(?![0-9])/y

/**
 * A date in UTC by a layout in Go's reference time.
 * @see https://pkg.go.dev/time#pkg-constants
 */
export function formatDate(date: Date, layout: string): string {
  let text = ''
  for (let at = 0; at < layout.length;) {
    FRACTION.lastIndex = at
    const fraction = FRACTION.exec(layout)?.[0]
    const part = fraction === undefined ? PARTS.find(([part]) => isPart(layout, part, at)) : undefined
    text += fraction ? fractionOf(date, fraction) : part ? part[1](date) : layout[at]
    at += fraction?.length ?? part?.[0].length ?? 1
  }
  return text
}

/** "Jan" begins no "Janet": Go wants no small letter behind the short names. */
function isPart(layout: string, part: string, at: number): boolean {
  if (!layout.startsWith(part, at)) return false
  return (part !== 'Jan' && part !== 'Mon') || !/[a-z]/.test(layout[at + 3] ?? '')
}

/** `.000` has three digits, `.999` as many as are not zero, and no point if there are none. */
function fractionOf(date: Date, layout: string): string {
  const digits = padded(date.getUTCMilliseconds(), 3)
    .padEnd(layout.length - 1, '0')
    .slice(0, layout.length - 1)
  if (layout[1] === '0') return layout[0] + digits
  const shortest = digits.replace(/0+$/, '')
  return shortest && layout[0] + shortest
}

const padded = (value: number, length: number) => String(value).padStart(length, '0')
const hour12 = (date: Date) => date.getUTCHours() % 12 || 12
const dayOfYear = (date: Date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1
