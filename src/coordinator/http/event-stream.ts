/** One server-sent event; one with an id and no data says only where the stream is. */
export interface ServerSentEvent {
  id: string
  data: string
}

/**
 * The events of a stream; comments and `retry` are passed over. Lines may end with CR, LF or both.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export async function* readServerSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let rest = ''
  let isNewId = false
  let event: ServerSentEvent = { id: '', data: '' }
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true })
    // A CR at the end may be half of a CRLF.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()!
    for (const line of lines) {
      if (line !== '') {
        isNewId ||= line.startsWith('id:')
        event = withField(event, line)
      } else {
        if (event.data !== '' || isNewId) yield event
        event = { id: event.id, data: '' }
        isNewId = false
      }
    }
  }
}

function withField(event: ServerSentEvent, line: string): ServerSentEvent {
  const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!
  if (name === 'id') return { ...event, id: value }
  if (name === 'data') return { ...event, data: event.data ? `${event.data}\n${value}` : value }
  return event
}
