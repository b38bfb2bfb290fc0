/** Lets only so many in at a time; the others wait in order. */
export interface Gate {
  enter(): Promise<void>
  leave(): void
}

export function gate(atOnce: number): Gate {
  let inside = 0
  const waiting: (() => void)[] = []
  return {
    enter() {
      if (inside < atOnce) {
        inside += 1
        return Promise.resolve()
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
    leave() {
      const next = waiting.shift()
      // Its place goes on to the next one.
      if (next) next()
      else inside -= 1
    },
  }
}
