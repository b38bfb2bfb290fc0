import { failure } from '../expression-error.ts'
import { joined, isList, kindOf, textOf } from '../values.ts'
import { INFINITE, type PlainFunction } from './function.ts'

const group = 'texts'

export const textFunctions: readonly PlainFunction[] = [
  {
    name: 'string',
    group,
    parameters: 'values...',
    meaning: 'the text forms of all arguments, put together',
    min: 0,
    max: INFINITE,
    call: (values, budget) => joined(values, '', budget),
  },
  {
    name: 'join',
    group,
    parameters: 'list, separator=","',
    meaning: 'the items as one text; null stays null',
    min: 1,
    max: 2,
    call([list = null, separator = ','], budget) {
      if (list === null) return null
      if (!isList(list)) throw failure(`join() joins a list, not ${kindOf(list)}.`)
      return joined(list, textOf(separator, budget), budget)
    },
  },
  {
    name: 'split',
    group,
    parameters: 'text, separator=","',
    meaning: 'the parts of a text as a list; an empty separator gives its characters',
    min: 1,
    max: 2,
    call([text = null, separator = ','], budget) {
      const between = textOf(separator, budget)
      const parts = between === '' ? [...textOf(text, budget)] : textOf(text, budget).split(between)
      budget.items(parts.length)
      return parts
    },
  },
  {
    name: 'trim',
    group,
    parameters: 'text',
    meaning: 'the text without white space around it; anything but a text is an error',
    min: 1,
    max: 1,
    call([text = null], budget) {
      if (typeof text !== 'string') throw failure(`trim() takes a text, not ${kindOf(text)}.`)
      budget.text(text.length)
      return text.trim()
    },
  },
]
