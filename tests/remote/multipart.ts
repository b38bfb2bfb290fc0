/** Pictures of a stream, one at a time; ends when the stream does. */
export async function* picturesOf(response: Response): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const headEnd = rest.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/.exec(rest.toString('latin1', 0, Math.max(0, headEnd)))?.[1] ?? Number.NaN)
      if (!(rest.length >= headEnd + 4 + length)) break
      yield rest.subarray(headEnd + 4, headEnd + 4 + length)
      rest = rest.subarray(headEnd + 4 + length)
    }
  }
}
