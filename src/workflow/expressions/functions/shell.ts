import { quote, split } from 'shlex'
import { failure } from '../expression-error.ts'
import { textOf } from '../values.ts'
import { INFINITE, type PlainFunction } from './function.ts'

const group = 'shell'

export const shellFunctions: readonly PlainFunction[] = [
  {
    name: 'shellquote',
    group,
    parameters: 'values...',
    meaning: 'the arguments as words of a POSIX shell, with spaces between them',
    min: 0,
    max: INFINITE,
    call(values, budget) {
      const text = values.map((value) => quote(textOf(value, budget))).join(' ')
      budget.text(text.length)
      return text
    },
  },
  {
    name: 'shellparse',
    group,
    parameters: 'text',
    meaning: 'the words of a shell command as a list; nothing is expanded',
    min: 1,
    max: 1,
    call([text = null], budget) {
      const words = wordsOf(textOf(text, budget))
      budget.items(words.length)
      return words
    },
  },
]

function wordsOf(text: string): string[] {
  try {
    return split(text)
  } catch {
    // Its message may quote the text.
    throw failure('shellparse() was given a text in which a quote is not closed.')
  }
}
