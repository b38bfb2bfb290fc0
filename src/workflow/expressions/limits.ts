import { tooLarge } from './expression-error.ts'

/** UTF-16 units of a text that is read or made: an expression, a template, a value. What is printed can be read again. */
export const MAX_TEXT = 10_000_000
/** Items of one list. */
export const MAX_ITEMS = 1_000_000
/** Levels of a tree, and of evaluations inside each other: some frames of the stack each, of about ten thousand. */
export const MAX_DEPTH = 250
/** Lists and maps inside each other in a value. */
export const MAX_VALUE_DEPTH = 200
/** Names in one dotted name: each prefix of it is looked up. */
export const MAX_NAMES = 100
/** Expressions that one resolution may open: aliases, and texts given to `eval`, `map` and `filter`. */
export const MAX_PASSES = 10_000
/** What one resolution may cost, some seconds: a node costs 100, an item 10, a character 1. */
const MAX_WORK = 100_000_000

export const NODE_COST = 100
export const ITEM_COST = 10

/** What one resolution may still cost. A count and not a clock: all machines must stop alike. */
export class Budget {
  #work = MAX_WORK
  #passes = MAX_PASSES

  /** Once true, nothing of this resolution may be kept: parts of it were never looked at. */
  get isSpent(): boolean {
    return this.#work < 0 || this.#passes < 0
  }

  /** @throws ExpressionError EXPRESSION_TOO_LARGE */
  spend(work: number): void {
    this.#work -= work
    if (this.#work < 0)
      throw tooLarge('The expression costs too much to resolve.', 'Let a step compute it, or make its lists smaller.')
  }

  /** One expression is opened inside another one. @throws ExpressionError EXPRESSION_TOO_LARGE */
  pass(): void {
    this.#passes -= 1
    if (this.#passes < 0)
      throw tooLarge(`The expression is not resolved after ${MAX_PASSES} passes.`, 'Look for names that stand for each other.')
  }

  /** @throws ExpressionError EXPRESSION_TOO_LARGE always */
  tooDeep(): never {
    this.#passes = -1
    throw tooLarge(
      `The expression is more than ${MAX_DEPTH} levels deep.`,
      'Look for names that stand for each other, or cut the expression into several.',
    )
  }

  /** @throws ExpressionError EXPRESSION_TOO_LARGE for a text that nothing could read again */
  text(length: number): void {
    if (length > MAX_TEXT) throw tooLarge(`The text would have more than ${MAX_TEXT} characters.`)
    this.spend(length)
  }

  /** @throws ExpressionError EXPRESSION_TOO_LARGE */
  items(count: number): void {
    if (count > MAX_ITEMS) throw tooLarge(`The list would have more than ${MAX_ITEMS} items.`)
    this.spend(count * ITEM_COST)
  }
}
