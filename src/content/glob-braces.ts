import { EverwarmError } from '../contracts/errors.ts'

const MOST = 1_000

/**
 * `a{b,c{d,e}}` → `ab`, `acd`, `ace`. Braces without a comma, and those in `[{]`, stand for themselves.
 * @throws EverwarmError BAD_INPUT: more than 1,000 patterns come of it
 */
export function expandBraces(pattern: string): string[] {
  const done: string[] = []
  const open = [pattern]
  while (open.length > 0) {
    const text = open.pop()!
    const found = firstChoice(text)
    if (!found) done.push(text)
    else open.push(...found.choices.map((choice) => text.slice(0, found.from) + choice + text.slice(found.to)).toReversed())
    if (done.length + open.length > MOST)
      throw new EverwarmError('BAD_INPUT', {
        message: `The braces of ${pattern.slice(0, 100)} stand for more than ${MOST} patterns.`,
        hint: 'Use * instead.',
      })
  }
  return done
}

interface Choice {
  from: number
  to: number
  choices: string[]
}

function firstChoice(text: string): Choice | undefined {
  for (let from = text.indexOf('{'); from !== -1; from = text.indexOf('{', from + 1)) {
    const choice = isQuoted(text, from) ? undefined : choiceAt(text, from)
    if (choice) return choice
  }
  return undefined
}

/** `[{]` is how a brace is meant as such. */
const isQuoted = (text: string, at: number) => text[at - 1] === '[' && text[at + 1] === ']'

function choiceAt(text: string, from: number): Choice | undefined {
  const choices: string[] = []
  let depth = 0
  let start = from + 1
  for (let at = from; at < text.length; at++) {
    if (isQuoted(text, at)) continue
    if (text[at] === '{') depth++
    else if (text[at] === ',' && depth === 1) {
      choices.push(text.slice(start, at))
      start = at + 1
    } else if (text[at] === '}' && --depth === 0) {
      if (choices.length === 0) return undefined
      return { from, to: at + 1, choices: [...choices, text.slice(start, at)] }
    }
  }
  return undefined
}
