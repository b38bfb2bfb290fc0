/** Of the output of a step, characters. */
export const MOST_TAIL = 4_096

/** The last lines of some output, without what a terminal would obey; empty ones are left out. @param most lines */
export function lastLines(tail: string, most: number, neutral: (text: string) => string): string[] {
  const lines = tail.split('\n')
  // The first is a part of a line, if the start was cut off.
  if (tail.length >= MOST_TAIL && lines.length > 1) lines.shift()
  return lines
    .map((line) => neutral(line.replace(/\r+$/, '').split('\r').at(-1)!).trimEnd())
    .filter((line) => line !== '')
    .slice(-most)
}
