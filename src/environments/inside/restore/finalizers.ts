/** Which file's registries call back: those of others are silent. 0: no file, the host itself. */
let current = 0
let files = 0
let isGuarding = false

type Callback = (held: unknown) => void

/**
 * What a file registered for finalization may be collected while another one runs, and would call into that.
 * Replaces the global once, before it is remembered; the class stays the same but for who calls its constructor.
 */
export function guardFinalizers(): void {
  const Original = globalThis.FinalizationRegistry
  const guarded = new Proxy(Original, {
    construct(target, [callback, ...rest]: [unknown, ...unknown[]], newTarget) {
      const args = typeof callback === 'function' ? [guard(callback as Callback), ...rest] : [callback, ...rest]
      return Reflect.construct(target, args, newTarget) as object
    },
  })
  Object.defineProperty(Original.prototype, 'constructor', { value: guarded, configurable: true, writable: true })
  Object.defineProperty(globalThis, 'FinalizationRegistry', { value: guarded, configurable: true, writable: true })
}

export function beginFinalizers(): void {
  current = ++files
  isGuarding = true
}

export function endFinalizers(): void {
  isGuarding = false
}

/** For what serves all files of a process: its registries always call back. */
export async function withoutGuard<T>(run: () => Promise<T>): Promise<T> {
  const wasGuarding = isGuarding
  isGuarding = false
  try {
    return await run()
  } finally {
    isGuarding = wasGuarding
  }
}

function guard(callback: Callback): Callback {
  if (!isGuarding) return callback
  const owner = current
  return (held) => {
    if (isGuarding && owner === current) callback(held)
  }
}
