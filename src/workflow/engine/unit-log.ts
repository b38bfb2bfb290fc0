import { StringDecoder } from 'node:string_decoder'
import type { Hear } from '../../executors/executor.ts'
import type { Engine } from './engine.ts'
import type { LogFile } from './engine-types.ts'

/** What the commands of a unit print: masked, kept, and told as it comes. One file for all of them. */
export class UnitLog {
  readonly #engine: Engine
  readonly #unit: string
  readonly #name: string
  #file: LogFile | undefined

  constructor(engine: Engine, unit: string, name: string) {
    this.#engine = engine
    this.#unit = unit
    this.#name = name
  }

  /** Its name, if anything has been printed. */
  get name(): string | undefined {
    return this.#file && this.#name
  }

  /** For one command, or one service of its own file. `end` when it has said all. */
  hear(ref: string, file = (): LogFile => this.#open()): { hear: Hear; end(): void } {
    const { masks, tell } = this.#engine
    const streams = new Map<string, ReturnType<typeof masks.stream> & { decoder: StringDecoder }>()
    const take = (stream: 'stdout' | 'stderr', bytes: Buffer, text: string) => {
      if (text !== '') tell({ type: 'output', unit: this.#unit, ref, stream, text })
      return bytes.length > 0 ? file().write(bytes) : undefined
    }
    return {
      hear: (stream, bytes) => {
        let masked = streams.get(stream)
        if (!masked) streams.set(stream, (masked = { ...masks.stream(), decoder: new StringDecoder('utf8') }))
        const shown = masked.push(bytes)
        return take(stream, shown, masked.decoder.write(shown))
      },
      end: () => {
        for (const [stream, masked] of streams) {
          const rest = masked.end()
          void take(stream as 'stdout', rest, masked.decoder.write(rest) + masked.decoder.end())
        }
      },
    }
  }

  async close(isKept: boolean): Promise<void> {
    await this.#file?.close(isKept)
  }

  #open(): LogFile {
    return (this.#file ??= this.#engine.logs.open(this.#name))
  }
}
