/** Runs so many at a time, in order; `isOver` ends it before the next. @returns what has not been begun */
export async function inLanes<Item>(
  items: readonly Item[],
  lanes: number,
  run: (item: Item) => Promise<void>,
  isOver: () => boolean,
): Promise<Item[]> {
  let next = 0
  const lane = async () => {
    while (next < items.length && !isOver()) await run(items[next++]!)
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
  return items.slice(next)
}
