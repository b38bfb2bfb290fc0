/**
 * The DevTools pipe as bytes: JSON messages, each ended by a NUL. Almost all of them pass unread; which session one
 * belongs to stands at its very end, where Chromium and Playwright both write it.
 * @see https://chromedevtools.github.io/devtools-protocol/ ("flat" sessions)
 */

/** `,"sessionId":"0123456789ABCDEF0123456789ABCDEF"}` */
const SUFFIX = /,"sessionId":"([0-9A-F]+)"\}$/
const SUFFIX_MAX_BYTES = 80
const BRACE = 0x7d

/** Cuts a stream into messages, without their NULs. */
export function messageCutter(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer[] = []
  return (chunk) => {
    const messages: Buffer[] = []
    let from = 0
    for (let at = chunk.indexOf(0); at !== -1; at = chunk.indexOf(0, from)) {
      const piece = chunk.subarray(from, at)
      messages.push(rest.length > 0 ? Buffer.concat([...rest, piece]) : piece)
      rest = []
      from = at + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
    return messages
  }
}

/** The session a message belongs to; null: the root of its connection. */
export function sessionOf(message: Buffer): string | null {
  const tail = message.toString('latin1', Math.max(0, message.length - SUFFIX_MAX_BYTES))
  return SUFFIX.exec(tail)?.[1] ?? null
}

/** A message of the root as one of `session`. */
export function intoSession(message: Buffer, session: string): Buffer {
  const end = message.lastIndexOf(BRACE)
  return Buffer.concat([message.subarray(0, end), Buffer.from(`,"sessionId":"${session}"}`)])
}

/** A message of a session as one of the root. */
export function outOfSession(message: Buffer, session: string): Buffer {
  const end = message.length - `,"sessionId":"${session}"}`.length
  return Buffer.concat([message.subarray(0, end), Buffer.from('}')])
}
