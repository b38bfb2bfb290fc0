import { StringDecoder } from 'node:string_decoder'

/**
 * Cuts a stream of UTF-8 into its lines, whatever the cut of its chunks. What follows the last end of line is kept back.
 * @param onLine without the end of the line
 * @param maxBytes of one line; more throws, because nobody means it
 */
export function lineCutter(onLine: (line: string) => void, maxBytes = 512 * 1024 * 1024): (chunk: Uint8Array) => void {
  const decoder = new StringDecoder('utf8')
  let parts: string[] = []
  let length = 0
  return (chunk) => {
    const text = decoder.write(chunk)
    let from = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      const line = parts.join('') + text.slice(from, end)
      parts = []
      length = 0
      from = end + 1
      onLine(line)
    }
    if (from === text.length) return
    parts.push(text.slice(from))
    length += text.length - from
    if (length > maxBytes) throw new RangeError(`A line is longer than ${maxBytes} bytes.`)
  }
}
