import { EverwarmError } from '../../contracts/errors.ts'
import { nearestName, namesHint } from '../../system/known-names.ts'
import { ExpressionError, type Place } from '../expressions/expression-error.ts'
import { parseExpression } from '../expressions/expression.ts'
import { ALL_FUNCTIONS } from '../expressions/functions/library.ts'
import { resolveNode } from '../expressions/resolve.ts'
import type { CallNode, Node } from '../expressions/tree.ts'
import { childrenOf } from '../expressions/tree.ts'
import { without } from '../merge.ts'
import { FIRST_NAMES } from './known-names.ts'
import { expressionFault, nodesIn } from '../field-expressions.ts'
import { type Knowledge, nameProblem, type Problem } from './check-names.ts'

const FUNCTIONS = new Map(ALL_FUNCTIONS.map((known) => [known.name, known]))

/** All that is wrong in the text of a field, each once. Pure. */
export function textProblems(text: string, role: 'template' | 'expression', knowledge: Knowledge): Problem[] {
  const unreadable = expressionFault(text, role)
  if (unreadable) return [unreadable]
  const nodes = nodesIn(text, role)
  const checking = new Checking(knowledge)
  for (const node of nodes) checking.node(node, { isNeeded: true, isItem: false })
  const problems = [...(checking.problems.length > 0 ? checking.problems : nodes.flatMap(constantProblem))]
  if (role === 'template') problems.push(...dollarProblems(text))
  return [...new Map(problems.map((each) => [`${each.message} ${JSON.stringify(each.within)}`, each])).values()]
}

/** As other systems write expressions; braces that are a text are written so on purpose. */
function dollarProblems(text: string): Problem[] {
  return [...text.matchAll(/\$\{\{(?!\s*["'}])/g)].map(({ index }) => {
    const lines = text.slice(0, index).split('\n')
    return {
      message: 'The $ stays in front of what {{ … }} gives.',
      hint: 'Write {{ … }} without it.',
      severity: 'warning',
      within: { line: lines.length, column: lines.at(-1)!.length + 1 },
    }
  })
}

/** What fails whatever the names in it are. */
function constantProblem(node: Node): Problem[] {
  // Each first query takes a thread, and the package may be missing.
  if (calls(node, 'jq')) return []
  try {
    resolveNode(node, [])
    return []
  } catch (error) {
    if (error instanceof ExpressionError) return [{ message: error.what, ...without({ hint: error.hint, within: error.place }) }]
    if (error instanceof EverwarmError) return []
    throw error
  }
}

const calls = (node: Node, name: string): boolean =>
  (node.type === 'call' && node.name === name) || childrenOf(node).some((child) => calls(child, name))

interface At {
  /** False: one side of an operator, of which nobody knows whether it counts. */
  isNeeded: boolean
  /** In the text of map() or filter(). */
  isItem: boolean
}

class Checking {
  readonly problems: Problem[] = []
  readonly #knowledge: Knowledge

  constructor(knowledge: Knowledge) {
    this.#knowledge = knowledge
  }

  node(node: Node, at: At): void {
    const maybe = { ...at, isNeeded: false }
    switch (node.type) {
      case 'literal':
        return
      case 'name':
        if (node.names[0] === '_' && at.isItem) return
        return this.#tell(nameProblem(node.names, this.#knowledge), node.place, at)
      case 'logical':
        this.node(node.left, at)
        return this.node(node.right, maybe)
      case 'choice':
        this.node(node.condition, at)
        this.node(node.yes, maybe)
        return this.node(node.no, maybe)
      case 'call':
        return this.#call(node, at)
      default:
        for (const child of childrenOf(node)) this.node(child, at)
    }
  }

  #call(call: CallNode, at: At): void {
    const { name, args, place } = call
    this.#tell(callProblem(call), place, at)
    const inner = name === 'any' ? { ...at, isNeeded: false } : at
    for (const { node } of args) this.node(node, inner)
    const isOfItems = name === 'map' || name === 'filter'
    const text = isOfItems ? args[1] : name === 'eval' ? args[0] : undefined
    if (text?.node.type !== 'literal' || typeof text.node.value !== 'string' || text.spread) return
    this.#text(text.node.value, place, { ...inner, isItem: at.isItem || isOfItems })
  }

  /** A text that is an expression. */
  #text(text: string, place: Place | undefined, at: At): void {
    let inside: Node
    try {
      inside = parseExpression(text).node
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      return this.#tell({ message: `In "${text.slice(0, 100)}": ${error.what}`, hint: error.hint }, place, at)
    }
    // Places in it are not those of the field.
    const checking = new Checking(this.#knowledge)
    checking.node(inside, at)
    this.problems.push(...checking.problems.map((each) => ({ ...each, ...without({ within: place }) })))
  }

  #tell(problem: Problem | undefined, place: Place | undefined, { isNeeded }: At): void {
    if (!problem) return
    const severity = isNeeded || problem.severity === 'error' ? problem.severity : 'warning'
    this.problems.push({ message: problem.message, ...without({ hint: problem.hint, severity, within: place }) })
  }
}

/** Functions of other systems that are names here. */
const STATES: Readonly<Record<string, string>> = { failure: 'failed', succeeded: 'passed' }

function functionHint(name: string): string {
  const state = FIRST_NAMES.includes(name) ? name : Object.hasOwn(STATES, name) ? STATES[name] : undefined
  if (state !== undefined) return `Write \`${state}\`, without ().`
  const names = [...FUNCTIONS.keys()]
  const nearest = nearestName(name, names)
  return nearest ? `Did you mean ${nearest}()?` : namesHint(name, names)
}

function callProblem({ name, args }: CallNode): Problem | undefined {
  const known = FUNCTIONS.get(name)
  if (!known) {
    return { message: `There is no function ${name}().`, hint: functionHint(name) }
  }
  if (args.some(({ spread }) => spread) || (args.length >= known.min && args.length <= known.max)) return undefined
  return {
    message: `${name}() was given ${args.length} argument${args.length === 1 ? '' : 's'}.`,
    hint: `It is ${name}(${known.parameters}).`,
  }
}
