import type { IncomingMessage } from 'node:http'
import { EverwarmError } from '../../contracts/errors.ts'
import { BadInput } from './bad-input.ts'

/**
 * The text of a request's body, counted while it is read: never more than `limitBytes` are held.
 * @param incoming the same request as Node has it; cheaper to read than a web stream
 * @throws EverwarmError BODY_TOO_LARGE, CONTENT_TYPE_REFUSED, BAD_INPUT (not UTF-8, or it broke off)
 */
export async function readJsonText(request: Request, incoming: IncomingMessage | undefined, limitBytes: number): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > limitBytes) throw tooLarge(limitBytes)
  const chunks = incoming ? await fromNode(incoming, limitBytes) : await fromWeb(request.body, limitBytes)
  if (chunks.length === 0) return ''
  refuseOtherTypes(request.headers)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
  } catch {
    throw new BadInput([{ path: '', message: 'The body is not UTF-8.' }])
  }
}

function refuseOtherTypes(headers: Headers): void {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (/^application\/([\w.+-]+\+)?json$/.test(type) && encoding === 'identity') return
  throw new EverwarmError('CONTENT_TYPE_REFUSED', {
    message:
      encoding === 'identity'
        ? `A body of type "${type.slice(0, 100)}" is not understood.`
        : 'A compressed body is not understood.',
    hint: 'Send JSON with the header `content-type: application/json`.',
  })
}

function fromNode(incoming: IncomingMessage, limitBytes: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const settle = (act: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
      act()
    }
    const onData = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > limitBytes) return settle(() => reject(tooLarge(limitBytes)))
      chunks.push(chunk)
    }
    const onEnd = () => settle(() => resolve(chunks))
    const onBroken = () => settle(() => reject(brokenOff()))
    if (incoming.readableEnded) return resolve(chunks)
    if (incoming.destroyed) return reject(brokenOff())
    incoming.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
  })
}

async function fromWeb(body: ReadableStream<Uint8Array> | null, limitBytes: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  if (!body) return chunks
  const reader = body.getReader()
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read().catch(() => Promise.reject(brokenOff()))
    if (done) return chunks
    bytes += value.length
    if (bytes > limitBytes) {
      // What it says to being cancelled changes nothing: the answer is the same.
      void reader.cancel().catch(() => undefined)
      throw tooLarge(limitBytes)
    }
    chunks.push(value)
  }
}

const brokenOff = () => new BadInput([{ path: '', message: 'The body broke off.' }], 'Send it again.')

const tooLarge = (limitBytes: number) =>
  new EverwarmError('BODY_TOO_LARGE', {
    message: `The body has more than ${limitBytes} bytes.`,
    hint: 'Send less at a time; files go as artifacts.',
  })
