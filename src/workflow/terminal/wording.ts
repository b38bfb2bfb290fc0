import type { Waits } from '../../contracts/workflow/events.ts'

/** `0:07`, `12:03`, `1:02:03`. @param ms since it began */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  const rest = String(seconds % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** How long something took: `3 ms`, `1.2 s`, `2:05`. */
export function tookText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : clockText(ms)
}

/** `1,000`. By hand: a language's own way costs a tenth of a millisecond, and is asked at every event. */
const grouped = (count: number) => String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')

/** `1 worker`, `0 workers`, `1,000 workers`. */
export const counted = (count: number, one: string, many = `${one}s`) => `${grouped(count)} ${count === 1 ? one : many}`

/** What will run, by the numbers: never "in parallel" where one runs. */
export function workersText(count: number, parallelism: number, one = 'worker'): string {
  const all = counted(count, one)
  if (count <= 1) return all
  if (parallelism <= 1) return `${all}, one after the other`
  return parallelism >= count ? `${all} at the same time` : `${all}, ${grouped(parallelism)} at a time`
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

export function bytesText(bytes: number): string {
  if (bytes < 1_000) return counted(bytes, 'byte')
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1_000 ** power).toFixed(1)} ${UNITS[power]}`
}

/** Under the status `queued`. */
export const waitsText = ({ group, behind }: Waits) => `waits in the line of ${group}, behind ${behind.join(', ')}`

/** Under the status `paused`, once for all that waits. */
export const goesOnText = (id: string) => `goes on with: everwarm workflow resume ${id}`
