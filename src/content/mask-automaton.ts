/**
 * Finds all of many byte strings in one pass (Aho–Corasick). States of the same depth are few near the root and many below, where
 * nearly each has one way on: so only states with several ways, and those near the root, have a table.
 * @see https://doi.org/10.1145/360825.360855
 */
export interface Automaton {
  /** Below this number nothing ends: most bytes lead there. */
  quiet: number
  /** States below this number have a row in `table`; 0 is the root. */
  rows: number
  /** `state << 8 | byte` → state. */
  table: Int32Array
  /** Of other states: the byte of their only way on (-1: none), where it leads, and where to look if it is another byte. */
  edge: Int16Array
  child: Int32Array
  fail: Int32Array
  /** How many of the last bytes may be the beginning of a match that is to come. */
  held: Int32Array
  /** Length of the longest match that ends here, or 0. */
  match: Int32Array
}

interface Node {
  ways: Map<number, Node>
  depth: number
  fail: Node | undefined
  match: number
  state: number
}

const node = (depth: number): Node => ({ ways: new Map(), depth, fail: undefined, match: 0, state: -1 })

export function buildAutomaton(texts: readonly Buffer[]): Automaton {
  const root = node(0)
  for (const text of texts) insert(root, text)
  const nodes = breadthFirst(root)
  const isRow = ({ depth, ways }: Node) => depth < 2 || ways.size > 1
  const withRow = nodes.filter(isRow)
  // So that one comparison tells where a state is.
  const ordered = [
    ...withRow.filter(({ match }) => match === 0),
    ...withRow.filter(({ match }) => match > 0),
    ...nodes.filter((each) => !isRow(each)),
  ]
  for (const [state, each] of ordered.entries()) each.state = state
  return flatten(nodes, withRow.length)
}

function insert(root: Node, text: Buffer): void {
  let at = root
  for (const byte of text) {
    const next = at.ways.get(byte) ?? node(at.depth + 1)
    at.ways.set(byte, next)
    at = next
  }
  at.match = text.length
}

/** All nodes, the nearest first; sets where each goes on when its ways do not fit. */
function breadthFirst(root: Node): Node[] {
  const nodes = [root]
  for (const at of nodes)
    for (const [byte, next] of at.ways) {
      next.fail = at === root ? root : (wayOf(at.fail!, byte) ?? root)
      next.match = Math.max(next.match, next.fail.match)
      nodes.push(next)
    }
  return nodes
}

function wayOf(from: Node, byte: number): Node | undefined {
  for (let at: Node | undefined = from; at; at = at.fail) {
    const next = at.ways.get(byte)
    if (next) return next
  }
  return undefined
}

function flatten(nodes: readonly Node[], rows: number): Automaton {
  const size = nodes.length
  const automaton: Automaton = {
    quiet: nodes.filter(({ state, match }) => state < rows && match === 0).length,
    rows,
    table: new Int32Array(rows * 256),
    edge: new Int16Array(size).fill(-1),
    child: new Int32Array(size),
    fail: new Int32Array(size),
    held: new Int32Array(size),
    match: new Int32Array(size),
  }
  for (const each of nodes) {
    const { state, ways, fail, depth, match } = each
    automaton.held[state] = ways.size > 0 || !fail ? depth : automaton.held[fail.state]!
    automaton.match[state] = match
    automaton.fail[state] = fail?.state ?? 0
    if (state < rows) fillRow(automaton, each)
    else
      for (const [byte, next] of ways) {
        automaton.edge[state] = byte
        automaton.child[state] = next.state
      }
  }
  return automaton
}

/** Nearer ones are filled already: where a byte does not fit, it leads where it leads from the state behind. */
function fillRow(automaton: Automaton, { state, ways, fail }: Node): void {
  const row = automaton.table.subarray(state << 8, (state + 1) << 8)
  if (fail) for (let byte = 0; byte < 256; byte++) row[byte] = step(automaton, fail.state, byte)
  for (const [byte, next] of ways) row[byte] = next.state
}

/** The state after one more byte. */
export function step({ rows, table, edge, child, fail }: Automaton, from: number, byte: number): number {
  let state = from
  while (state >= rows) {
    if (edge[state] === byte) return child[state]!
    state = fail[state]!
  }
  return table[(state << 8) | byte]!
}
