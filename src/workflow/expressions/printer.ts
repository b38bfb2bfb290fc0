import { tooLarge } from './expression-error.ts'
import { MAX_TEXT } from './limits.ts'
import { numberText } from './numbers.ts'
import { childrenOf, type Node } from './tree.ts'
import { sizeOf } from './values.ts'

const LEVEL = { choice: 0, '||': 1, '&&': 2, comparison: 3, sum: 4, term: 5, unary: 6, power: 7, primary: 9 } as const
const BINARY_LEVEL: Readonly<Record<string, number>> = {
  '+': LEVEL.sum,
  '-': LEVEL.sum,
  '*': LEVEL.term,
  '/': LEVEL.term,
  '%': LEVEL.term,
  '**': LEVEL.power,
}

/**
 * The text of a tree, which reads back as the same tree: brackets stand where the tree needs them, and nowhere else.
 * @throws ExpressionError EXPRESSION_TOO_LARGE for what could not be read again
 */
export function print(root: Node): string {
  checkSize(root)
  const text = printed(root)
  if (text.length > MAX_TEXT) throw tooLarge(`The expression would have more than ${MAX_TEXT} characters.`)
  return text
}

/** Measured before it is made: the same value may be in a tree a thousand times. */
export function checkSize(root: Node): void {
  let size = 0
  const visit = (node: Node) => {
    size += node.type === 'literal' ? sizeOf(node.value) : 2
    if (size > MAX_TEXT) throw tooLarge(`The expression would have more than ${MAX_TEXT} characters.`)
    childrenOf(node).forEach(visit)
  }
  visit(root)
}

function printed(node: Node): string {
  switch (node.type) {
    case 'literal':
      return typeof node.value === 'number' ? numberText(node.value) : JSON.stringify(node.value)
    case 'name':
      return node.names.join('.')
    case 'access':
      return `${isPrimary(node.object) ? printed(node.object) : `(${printed(node.object)})`}.${node.keys.join('.')}`
    case 'call':
      return `${node.name}(${node.args.map(({ node, spread }) => printed(node) + (spread ? '...' : '')).join(', ')})`
    case 'unary':
      return node.operator + (isPositive(node.operand) ? `(${printed(node.operand)})` : within(node.operand, LEVEL.unary))
    case 'choice':
      return `${within(node.condition, LEVEL['||'])} ? ${printed(node.yes)} : ${printed(node.no)}`
    case 'binary':
    case 'logical':
      return operation(node)
  }
}

function operation(node: Extract<Node, { type: 'binary' | 'logical' }>): string {
  const level = levelOf(node)
  // a ** b ** c is a ** (b ** c), and its left side is no sign's work; all others stand to the left: a - b - c is (a - b) - c.
  const [left, right] = level === LEVEL.power ? [LEVEL.power + 1, LEVEL.unary] : [level, level + 1]
  return `${within(node.left, left)} ${node.operator} ${within(node.right, right)}`
}

const within = (node: Node, level: number) => (levelOf(node) >= level ? printed(node) : `(${printed(node)})`)

function levelOf(node: Node): number {
  if (node.type === 'choice') return LEVEL.choice
  if (node.type === 'logical') return LEVEL[node.operator]
  if (node.type === 'binary') return BINARY_LEVEL[node.operator] ?? LEVEL.comparison
  if (node.type === 'unary' || isNegative(node)) return LEVEL.unary
  return LEVEL.primary
}

const isNegative = (node: Node) => node.type === 'literal' && typeof node.value === 'number' && node.value < 0
/** -(5) would read back as the number -5 without its brackets. */
const isPositive = (node: Node) => node.type === 'literal' && typeof node.value === 'number' && node.value >= 0
/** Names too need brackets before an accessor: (a).b is no name. */
const isPrimary = (node: Node) =>
  node.type === 'call' || (node.type === 'literal' && (typeof node.value === 'string' || typeof node.value === 'object'))
