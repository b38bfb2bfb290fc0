import { createServer, type Socket } from 'node:net'
import { constants } from 'node:os'
import { encodeFrontFrame, frontFrameReader, type FrontRequest, requestReader } from '../../contracts/front-door.ts'
import type { Taint } from '../../contracts/host-wire.ts'
import { createDesk } from '../desk.ts'
import type { Peer } from './terminal.ts'

/** The client that holds the lease. */
export interface Holder extends Peer {
  onResize: (size: { columns: number; rows: number }) => void
  /** Tells it the exit code; the last thing it hears. */
  end(code: number): void
  /** Not this one: it runs the program itself. */
  decline(command: readonly string[], why: Taint): void
}

interface Listening {
  serve(holder: Holder, request: FrontRequest): void
  ready(): void
  /** The lease of this token is over. */
  over(token: string, taints: Taint[]): void
  onToken(listener: (token: string) => void): void
}

/** After the token it says its request. */
export function listenForHolder(address: string, { serve, ready, over, onToken }: Listening): void {
  const desk = createDesk({
    onHolder(token, socket, first) {
      const read = requestReader((request, rest) => {
        socket.off('data', read)
        server.close()
        serve(
          holderAt(socket, rest, (taints) => over(token, taints)),
          request,
        )
      })
      socket.on('data', read)
      socket.resume()
      read(first)
    },
  })
  onToken(desk.expect)
  const server = createServer(desk.greet)
  server.listen(address, ready)
}

function holderAt(socket: Socket, first: Buffer, over: (taints: Taint[]) => void): Holder {
  // Output must have left before an exit, or an endless loop: as with a pipe, the one who reads sets the pace.
  ;(socket as unknown as { _handle: { setBlocking(isBlocking: boolean): void } })._handle.setBlocking(true)
  let isOver = false
  let isReading = false
  const holder: Holder = {
    write: (fd, chunk) => void (socket.writable && socket.write(encodeFrontFrame(fd === 1 ? 'O' : 'E', chunk))),
    onResize: () => {},
    onInput: () => {},
    wantInput() {
      if (isReading) return
      isReading = true
      // As an open stdin would.
      socket.ref()
      socket.write(encodeFrontFrame('I', ''))
    },
    end(code) {
      if (isOver) return
      isOver = true
      over([])
      socket.write(encodeFrontFrame('X', Buffer.from([code])))
    },
    decline(command, why) {
      isOver = true
      socket.write(encodeFrontFrame('R', command.join('\0')))
      over([why])
      socket.end(() => process.exit(0))
    },
  }
  const read = frontFrameReader(({ type, payload }) => {
    // Ctrl-C is meant for all that the command has started, as on its terminal.
    if (type === 'S') process.kill(payload[0] === constants.signals.SIGINT ? -process.pid : process.pid, payload[0])
    else if (type === 'I') takeInput(payload)
    else if (type === 'W') {
      const [columns = 0, rows = 0] = payload.toString().split(' ').map(Number)
      holder.onResize({ columns, rows })
    }
  })
  function takeInput(chunk: Buffer): void {
    holder.onInput(chunk.length > 0 ? Buffer.from(chunk) : null)
    if (chunk.length === 0) socket.unref()
  }
  read(first)
  socket.on('data', read)
  // Nobody is left to hear of it.
  socket.on('close', () => !isOver && process.exit(1))
  socket.unref()
  return holder
}
