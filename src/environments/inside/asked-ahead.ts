import type { RpcAnswer, RpcQuery } from './fetch-cache.ts'

/** Calls of a world that Vitest's main process was asked before the world came to make them. */
export class AskedAhead {
  /** Question → its id. */
  readonly #asked = new Map<string, string>()
  /** Id of a question → what the world called it, once it has asked. */
  readonly #claimed = new Map<string, string>()
  /** Answers that came before the world asked, by the question's id; null: not yet. */
  readonly #answers = new Map<string, RpcAnswer | null>()

  expect(id: string, method: string, args: unknown[]): void {
    this.#asked.set(keyOf(method, args), id)
    this.#answers.set(id, null)
  }

  /** The world asks. @returns its answer, null while it is still to come, undefined where nobody has asked ahead */
  claim({ i, m, a }: RpcQuery): RpcAnswer | null | undefined {
    if (i === undefined || this.#asked.size === 0) return undefined
    const key = keyOf(m, a)
    const id = this.#asked.get(key)
    if (id === undefined) return undefined
    // asked twice, it is to be answered twice
    this.#asked.delete(key)
    const early = this.#answers.get(id)
    if (!early) {
      this.#claimed.set(id, i)
      return null
    }
    this.#answers.delete(id)
    return { ...early, i }
  }

  /** @returns the answer under the world's own name for its call; null if the world has not asked yet: it is kept */
  receive(answer: RpcAnswer): RpcAnswer | null {
    if (!this.#answers.has(answer.i)) return answer
    const name = this.#claimed.get(answer.i)
    if (name === undefined) {
      this.#answers.set(answer.i, answer)
      return null
    }
    this.#answers.delete(answer.i)
    return { ...answer, i: name }
  }
}

const keyOf = (method: string, args: unknown[]) => JSON.stringify([method, args])
