import type { RpcAnswer, RpcQuery } from './fetch-cache.ts'

interface Question {
  answer?: RpcAnswer
  /** What the world called it, once it has asked. */
  name?: string
}

/** Calls of a world that Vitest's main process was asked before the world came to make them. */
export class AskedAhead {
  /** Those that the world has not asked yet. */
  readonly #byText = new Map<string, Question>()
  /** Those that are not answered to the world yet. */
  readonly #byId = new Map<string, Question>()

  expect(id: string, method: string, args: unknown[]): void {
    const question: Question = {}
    this.#byText.set(textOf(method, args), question)
    this.#byId.set(id, question)
  }

  /** The world asks. @returns its answer, null while it is still to come, undefined where nobody has asked ahead */
  claim({ i, m, a }: RpcQuery): RpcAnswer | null | undefined {
    if (i === undefined || this.#byText.size === 0) return undefined
    const text = textOf(m, a)
    const question = this.#byText.get(text)
    if (!question) return undefined
    // asked twice, it is to be answered twice
    this.#byText.delete(text)
    question.name = i
    return question.answer ? { ...question.answer, i } : null
  }

  /** @returns the answer under the world's own name for its call; null if the world has not asked yet: it is kept */
  receive(answer: RpcAnswer): RpcAnswer | null {
    const question = this.#byId.get(answer.i)
    if (!question) return answer
    this.#byId.delete(answer.i)
    if (question.name !== undefined) return { ...answer, i: question.name }
    question.answer = answer
    return null
  }
}

const textOf = (method: string, args: unknown[]) => JSON.stringify([method, args])
