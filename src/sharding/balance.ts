/** Comparisons that the improvement may make, about 100 ms of work. A count and not a clock: all machines must cut alike. */
const BUDGET = 3_000_000
/** Closer to the lower bound than this is not worth a comparison. */
const GOOD_ENOUGH = 1.000_1

/** Items of one shard as indices, heaviest first, and what they weigh together. */
interface Bin {
  items: number[]
  load: number
}

export interface BalanceOptions {
  /** What each shard carries already, in the weights' unit; it is not moved. Default: nothing. */
  loads?: readonly number[]
  /** false: longest processing time first, and no improvement. */
  improve?: boolean
}

/**
 * Cuts items into `shardCount` shards of nearly equal weight: the heaviest first, each to the lightest shard, then exchanges
 * between the heaviest shard and the others for as long as they lower it. At most 4/3 of the best cut, usually within 0.1 %.
 * The same weights give the same shards, on every machine. Weights are finite and not negative.
 * @returns for each shard the indices of its items, heaviest first
 * @see https://epubs.siam.org/doi/10.1137/0117039 (Graham 1969: the bound of longest-processing-time-first)
 */
export function balance(weights: readonly number[], shardCount: number, options: BalanceOptions = {}): number[][] {
  const bins: Bin[] = Array.from({ length: shardCount }, (_, i) => ({ items: [], load: options.loads?.[i] ?? 0 }))
  const order = weights.map((_, i) => i).sort((a, b) => weights[b]! - weights[a]! || a - b)
  const heap = bins.map((bin, index) => ({ bin, index })).sort(lighter)
  for (const item of order) {
    const { bin } = heap[0]!
    bin.items.push(item)
    bin.load += weights[item]!
    sink(heap)
  }
  if (options.improve !== false) improve(bins, weights)
  return bins.map((bin) => bin.items)
}

/** What no cut can beat: the longest item, or a fair share. 0 for no items. */
export function lowerBound(weights: readonly number[], shardCount: number): number {
  let total = 0
  let longest = 0
  for (const weight of weights) {
    total += weight
    if (weight > longest) longest = weight
  }
  return Math.max(longest, total / shardCount)
}

interface Place {
  bin: Bin
  index: number
}

/** Of equally light ones that with fewer items comes first: items without weight are spread too. */
function lighter(a: Place, b: Place): number {
  return a.bin.load - b.bin.load || a.bin.items.length - b.bin.items.length || a.index - b.index
}

/** Brings a binary heap in order again after its first place has become heavier. */
function sink(heap: Place[]): void {
  for (let at = 0; ;) {
    const left = 2 * at + 1
    if (left >= heap.length) return
    const right = left + 1
    const child = right < heap.length && lighter(heap[right]!, heap[left]!) < 0 ? right : left
    if (lighter(heap[at]!, heap[child]!) <= 0) return
    ;[heap[at], heap[child]] = [heap[child]!, heap[at]!]
    at = child
  }
}

function improve(bins: Bin[], weights: readonly number[]): void {
  const goal = goalOf(bins, weights)
  let spent = 0
  while (spent < BUDGET) {
    const heavy = bins.reduce((a, b) => (b.load > a.load ? b : a))
    if (heavy.load <= goal) return
    const others = bins.filter((bin) => bin !== heavy).sort((a, b) => a.load - b.load)
    const best = { exchange: null as Exchange | null, light: heavy, peak: heavy.load }
    for (const light of others) {
      // The last summand: its part in finding and sorting the shards.
      spent += heavy.items.length + light.items.length + 16
      const exchange = bestExchange(heavy, light, weights)
      if (exchange && exchange.peak < best.peak) Object.assign(best, { exchange, light, peak: exchange.peak })
    }
    if (best.exchange) {
      apply(best.exchange, heavy, best.light, weights)
      continue
    }
    const pair = others.find((light) => {
      spent += pairCost(heavy, light)
      return spent < BUDGET && recut(heavy, light, weights)
    })
    if (!pair) return
  }
}

function goalOf(bins: readonly Bin[], weights: readonly number[]): number {
  const total = bins.reduce((sum, bin) => sum + bin.load, 0)
  const longest = bins.reduce((max, { items, load }) => {
    const own = items.reduce((sum, item) => sum + weights[item]!, 0)
    // What a shard carries from before stays, and so does at least its heaviest item somewhere.
    return Math.max(max, load - own, items.length > 0 ? weights[items[0]!]! : 0)
  }, 0)
  return Math.max(longest, total / bins.length) * GOOD_ENOUGH
}

/** Positions in the two shards; `give` leaves the heavy one, `take` (if any) comes back. */
interface Exchange {
  give: number
  take: number | null
  /** The heavier of the two afterwards. */
  peak: number
}

/** The move or swap that comes closest to halving the difference of the two loads; null if none lowers the heavy one. */
function bestExchange(heavy: Bin, light: Bin, weights: readonly number[]): Exchange | null {
  const gap = heavy.load - light.load
  let best: Exchange | null = null
  const consider = (give: number, take: number | null) => {
    const moved = weights[heavy.items[give]!]! - (take === null ? 0 : weights[light.items[take]!]!)
    if (moved <= 0 || moved >= gap) return
    const peak = Math.max(heavy.load - moved, light.load + moved)
    if (peak < heavy.load && (!best || peak < best.peak)) best = { give, take, peak }
  }
  // Both lists fall: while `give` grows lighter, its partner for half the gap grows lighter too.
  let take = 0
  for (let give = 0; give < heavy.items.length; give++) {
    consider(give, null)
    const wanted = weights[heavy.items[give]!]! - gap / 2
    while (take < light.items.length && weights[light.items[take]!]! > wanted) take++
    if (take > 0) consider(give, take - 1)
    if (take < light.items.length) consider(give, take)
  }
  return best
}

function apply({ give, take }: Exchange, heavy: Bin, light: Bin, weights: readonly number[]): void {
  const [given] = heavy.items.splice(give, 1)
  const taken = take === null ? [] : light.items.splice(take, 1)
  for (const item of taken) insert(heavy, item, weights)
  insert(light, given!, weights)
  const moved = weights[given!]! - taken.reduce((sum, item) => sum + weights[item]!, 0)
  heavy.load -= moved
  light.load += moved
}

function insert(bin: Bin, item: number, weights: readonly number[]): void {
  const before = (a: number, b: number) => weights[b]! - weights[a]! || a - b
  const at = bin.items.findIndex((other) => before(item, other) < 0)
  bin.items.splice(at < 0 ? bin.items.length : at, 0, item)
}

/** Steps of the search over the cuts of two shards. */
const RECUT_STEPS = 4_000
const pairCost = (heavy: Bin, light: Bin) => Math.min(RECUT_STEPS, 2 ** Math.min(20, heavy.items.length + light.items.length))

/**
 * Cuts the items of two shards anew: each in turn, heaviest first, to the lighter side and then also to the other
 * (complete greedy search), until the steps are used up. True if the heavier of the two got lighter.
 */
function recut(heavy: Bin, light: Bin, weights: readonly number[]): boolean {
  const items = [...heavy.items, ...light.items].sort((a, b) => weights[b]! - weights[a]! || a - b)
  const weightOf = (bin: Bin) => bin.items.reduce((sum, item) => sum + weights[item]!, 0)
  const start: [number, number] = [heavy.load - weightOf(heavy), light.load - weightOf(light)]
  const half = (heavy.load + light.load) / 2
  const side = new Uint8Array(items.length)
  const found = { peak: heavy.load * (1 - 1e-9), side: null as Uint8Array | null }
  let steps = 0
  const search = (at: number, a: number, b: number): void => {
    if (steps++ > RECUT_STEPS || Math.max(a, b) >= found.peak || found.peak <= half * GOOD_ENOUGH) return
    if (at === items.length) {
      found.peak = Math.max(a, b)
      found.side = side.slice()
      return
    }
    const weight = weights[items[at]!]!
    for (const to of a <= b ? [0, 1] : [1, 0]) {
      side[at] = to
      search(at + 1, a + (to === 0 ? weight : 0), b + (to === 1 ? weight : 0))
    }
  }
  // Deeper than the stack allows it would not help either: with so many items the exchanges come close enough.
  if (items.length <= 500) search(0, ...start)
  if (!found.side) return false
  const chosen = found.side
  for (const [bin, to] of [
    [heavy, 0],
    [light, 1],
  ] as const) {
    bin.items = items.filter((_, i) => chosen[i] === to)
    bin.load = start[to] + weightOf(bin)
  }
  return true
}
