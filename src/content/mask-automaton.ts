/**
 * Finds all of many byte strings in one pass (Aho–Corasick). States of the same depth are few near the root and many below, where
 * nearly each has one way on: so only states with several ways, and those near the root, have a table.
 * @see https://doi.org/10.1145/360825.360855
 */
export interface Automaton {
  /**
   * Two bytes, as one number → whether they are next to each other in the first four of some text. If not, no text begins in the
   * three places that would put them there.
   */
  near: Uint8Array
  /** Below this number at most the last byte may be the beginning of a match. */
  shallow: number
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

/** All texts as one tree; nodes are numbers, 0 the root. Objects would take ten times the memory. */
interface Tree {
  /** Of the first way on: its byte (-1: none), and where it leads. */
  byte: number[]
  next: number[]
  /** Further ways of the few nodes that have them. */
  more: Map<number, Map<number, number>>
  depth: number[]
  fail: number[]
  match: number[]
}

/** @param texts of four bytes or more */
export function buildAutomaton(texts: readonly Buffer[]): Automaton {
  const tree: Tree = { byte: [-1], next: [0], more: new Map(), depth: [0], fail: [0], match: [0] }
  for (const text of texts) insert(tree, text)
  const order = breadthFirst(tree)
  const isRow = (node: number) => tree.depth[node]! < 2 || tree.more.has(node)
  const rows = order.filter(isRow)
  // So that one comparison tells where a state is.
  const quiet = rows.filter((node) => tree.match[node] === 0)
  const states = new Int32Array(order.length)
  const ordered = [quiet, rows.filter((node) => tree.match[node]! > 0), order.filter((node) => !isRow(node))]
  let state = 0
  for (const nodes of ordered) for (const node of nodes) states[node] = state++
  const shallow = order.filter((node) => tree.depth[node]! < 2).length
  return flatten(tree, order, states, { near: pairsOf(texts), shallow, quiet: quiet.length, rows: rows.length })
}

function pairsOf(texts: readonly Buffer[]): Uint8Array {
  const near = new Uint8Array(65_536)
  for (const text of texts) for (let at = 0; at < 3; at++) near[text.readUInt16BE(at)] = 1
  return near
}

function insert(tree: Tree, text: Buffer): void {
  let at = 0
  for (const byte of text) at = wayOf(tree, at, byte) ?? grow(tree, at, byte)
  tree.match[at] = text.length
}

function wayOf({ byte, next, more }: Tree, node: number, wanted: number): number | undefined {
  return byte[node] === wanted ? next[node] : more.get(node)?.get(wanted)
}

function grow(tree: Tree, from: number, byte: number): number {
  const node = tree.byte.push(-1) - 1
  tree.next.push(0)
  tree.depth.push(tree.depth[from]! + 1)
  tree.fail.push(0)
  tree.match.push(0)
  if (tree.byte[from] === -1) {
    tree.byte[from] = byte
    tree.next[from] = node
  } else tree.more.set(from, (tree.more.get(from) ?? new Map<number, number>()).set(byte, node))
  return node
}

function* waysOf({ byte, next, more }: Tree, node: number): Generator<readonly [byte: number, next: number]> {
  if (byte[node] !== -1) yield [byte[node]!, next[node]!]
  yield* more.get(node) ?? []
}

/** All nodes, the nearest first; sets where each goes on when its ways do not fit. */
function breadthFirst(tree: Tree): number[] {
  const order = [0]
  for (const at of order)
    for (const [byte, next] of waysOf(tree, at)) {
      tree.fail[next] = at === 0 ? 0 : behind(tree, tree.fail[at]!, byte)
      tree.match[next] = Math.max(tree.match[next]!, tree.match[tree.fail[next]!]!)
      order.push(next)
    }
  return order
}

function behind(tree: Tree, from: number, byte: number): number {
  for (let at = from; ; at = tree.fail[at]!) {
    const next = wayOf(tree, at, byte)
    if (next !== undefined || at === 0) return next ?? 0
  }
}

function flatten(
  tree: Tree,
  order: readonly number[],
  states: Int32Array,
  counts: Pick<Automaton, 'near' | 'shallow' | 'quiet' | 'rows'>,
): Automaton {
  const size = order.length
  const automaton: Automaton = {
    ...counts,
    table: new Int32Array(counts.rows * 256),
    edge: new Int16Array(size).fill(-1),
    child: new Int32Array(size),
    fail: new Int32Array(size),
    held: new Int32Array(size),
    match: new Int32Array(size),
  }
  for (const node of order) {
    const state = states[node]!
    const fail = states[tree.fail[node]!]!
    automaton.held[state] = tree.byte[node] !== -1 ? tree.depth[node]! : automaton.held[fail]!
    automaton.match[state] = tree.match[node]!
    automaton.fail[state] = fail
    if (state < counts.rows) fillRow(automaton, tree, node, states)
    else if (tree.byte[node] !== -1) {
      automaton.edge[state] = tree.byte[node]!
      automaton.child[state] = states[tree.next[node]!]!
    }
  }
  return automaton
}

/** Nearer ones are filled already: where a byte does not fit, it leads where it leads from the state behind. */
function fillRow(automaton: Automaton, tree: Tree, node: number, states: Int32Array): void {
  const state = states[node]!
  const row = automaton.table.subarray(state << 8, (state + 1) << 8)
  if (node !== 0) for (let byte = 0; byte < 256; byte++) row[byte] = step(automaton, automaton.fail[state]!, byte)
  for (const [byte, next] of waysOf(tree, node)) row[byte] = states[next]!
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
