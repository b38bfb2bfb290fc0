import { type Automaton, buildAutomaton } from './mask-automaton.ts'
import { formsOf } from './mask-forms.ts'
import { type MaskStream, maskStream } from './mask-stream.ts'

export type { MaskStream } from './mask-stream.ts'

/** Secrets that become `****` wherever they stand. */
export interface Masks {
  /** From now on; values of less than 4 characters are no secrets. */
  add(value: string): void
  text(text: string): string
  /** For one output; it keeps what the cut of chunks has cut. */
  stream(): MaskStream
}

/**
 * Masks whole values, their lines, and their encoded forms, see `formsOf`. Matches that overlap become one mask.
 * Without secrets nothing is looked at or copied; with 20 it looks at some hundred MB a second.
 */
export function createMasks(): Masks {
  const values = new Set<string>()
  const forms = new Map<string, Buffer>()
  let automaton: Automaton | undefined
  const current = () => {
    if (!automaton && forms.size > 0) automaton = buildAutomaton([...forms.values()])
    return automaton
  }
  const stream = () => maskStream(current)
  return {
    add(value) {
      if (values.has(value)) return
      values.add(value)
      for (const form of formsOf(value)) {
        forms.set(form.toString('latin1'), form)
        // Built when it is needed: mostly several are added.
        automaton = undefined
      }
    },
    text(text) {
      if (!current()) return text
      const bytes = Buffer.from(text)
      const own = stream()
      const masked = Buffer.concat([own.push(bytes), own.end()])
      // What is not changed stays the same text, also where it is no well-formed one.
      return masked.equals(bytes) ? text : masked.toString()
    },
    stream,
  }
}
