import { StringDecoder } from 'node:string_decoder'
import { type InBandDecoder, inBandDecoder, type InBandMessage, type InBandPart } from '../../content/in-band.ts'
import type { Hear } from '../../executors/executor.ts'
import type { Engine } from './engine.ts'
import type { LogFile } from './engine-types.ts'

interface Stream {
  masked: ReturnType<Engine['masks']['stream']>
  decoder: StringDecoder
  inBand?: InBandDecoder
}

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

  /** For one command. `end` when it has said all. @param said what it says to the engine itself, in lines of their own */
  hear(ref: string, said?: (message: InBandMessage) => void): { hear: Hear; end(): void } {
    return this.hearInto(ref, () => this.#open(), said)
  }

  /** As `hear`, for a service that has a file of its own. */
  hearInto(ref: string, file: () => LogFile, said?: (message: InBandMessage) => void): { hear: Hear; end(): void } {
    const streams = new Map<string, Stream>()
    const take = (stream: 'stdout' | 'stderr', bytes: Buffer, text: string) => {
      if (text !== '') this.#engine.tell({ type: 'output', unit: this.#unit, ref, stream, text })
      return bytes.length > 0 ? file().write(bytes) : undefined
    }
    const decoded = (parts: InBandPart[]): Buffer => {
      for (const part of parts) if (part.type === 'message') said?.(part.message)
      const pieces = parts.flatMap((part) => (part.type === 'bytes' ? [part.bytes] : []))
      return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    }
    return {
      hear: (stream, bytes) => {
        let heard = streams.get(stream)
        if (!heard) streams.set(stream, (heard = this.#stream(stream === 'stdout' && said !== undefined)))
        const shown = heard.masked.push(heard.inBand ? decoded(heard.inBand.push(bytes)) : bytes)
        return take(stream, shown, heard.decoder.write(shown))
      },
      end: () => {
        for (const [stream, { masked, decoder, inBand }] of streams) {
          const rest = Buffer.concat([masked.push(inBand ? decoded(inBand.end()) : Buffer.alloc(0)), masked.end()])
          void take(stream as 'stdout', rest, decoder.write(rest) + decoder.end())
        }
      },
    }
  }

  #stream(mayHaveMessages: boolean): Stream {
    const stream: Stream = { masked: this.#engine.masks.stream(), decoder: new StringDecoder('utf8') }
    if (mayHaveMessages) stream.inBand = inBandDecoder()
    return stream
  }

  async close(isKept: boolean): Promise<void> {
    await this.#file?.close(isKept)
  }

  #open(): LogFile {
    return (this.#file ??= this.#engine.logs.open(this.#name))
  }
}
