export type Quoting = 'none' | 'single' | 'double'

/** The quotes of `sh` in which a place of a script stands. Documents within (`<<END`) are not looked for: they count as plain text. */
export function quotingAt(script: string, offset: number): Quoting {
  let quoting: Quoting = 'none'
  for (let i = 0; i < offset; i++) {
    const character = script[i]
    if (character === '\\' && quoting !== 'single') i++
    else if (character === '#' && quoting === 'none' && /^$|\s/.test(script[i - 1] ?? '')) i = lineEnd(script, i)
    else if (character === "'" && quoting !== 'double') quoting = quoting === 'single' ? 'none' : 'single'
    else if (character === '"' && quoting !== 'single') quoting = quoting === 'double' ? 'none' : 'double'
  }
  return quoting
}

function lineEnd(script: string, from: number): number {
  const found = script.indexOf('\n', from)
  return found === -1 ? script.length : found
}
