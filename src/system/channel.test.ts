import { expect, test } from 'vitest'
import { socketPair } from '../../tests/socket-pair.ts'
import { EverwarmError } from '../contracts/errors.ts'
import { openChannel } from './channel.ts'
import { frameSocket } from './frames.ts'

interface Adder {
  add(a: number, b: number): Promise<number>
  fail(how: string): Promise<void>
  hang(): Promise<void>
  note(text: string): void
}

async function ends(notes: string[] = []) {
  const [a, b] = await socketPair()
  const closed = () => new EverwarmError('DAEMON_UNREACHABLE', { message: 'The other side is gone.' })
  const adder: Adder = {
    add: async (x, y) => x + y,
    async fail(how) {
      if (how === 'coded') throw new EverwarmError('LEASE_TIMEOUT', { message: 'Too late.', hint: 'Come earlier.' })
      throw new TypeError('x is not a function')
    },
    hang: () => new Promise(() => {}),
    note: (text) => void notes.push(text),
  }
  const left = frameSocket(a)
  openChannel<object, Adder>(left, adder, { closed })
  const right = frameSocket(b)
  return { channel: openChannel<Adder, object>(right, {}, { closed }), left, right }
}

test('a call is answered', async () => {
  expect(await (await ends()).channel.call('add', 2, 3)).toBe(5)
})

test('an error keeps its code and its hint on the way', async () => {
  const error = await (await ends()).channel.call('fail', 'coded').catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(EverwarmError)
  expect(error).toMatchObject({ code: 'LEASE_TIMEOUT', message: 'Too late.', hint: 'Come earlier.' })
})

test('any other error arrives as INTERNAL with its text', async () => {
  await expect((await ends()).channel.call('fail', 'other')).rejects.toMatchObject({
    code: 'INTERNAL',
    message: 'x is not a function',
  })
})

test.for(['constructor', 'toString', '__proto__', 'nothing'])('"%s" is not among the functions', async (name) => {
  await expect((await ends()).channel.call(name as 'hang')).rejects.toMatchObject({ code: 'INTERNAL' })
})

test('what is told needs no answer', async () => {
  const notes: string[] = []
  const { channel } = await ends(notes)
  channel.tell('note', 'hello')
  await channel.call('add', 0, 0)
  expect(notes).toEqual(['hello'])
})

test('calls in flight and later ones fail with the error of the lost connection', async () => {
  const { channel, left } = await ends()
  const inFlight = channel.call('hang')
  left.destroy()
  await expect(inFlight).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' })
  await expect(channel.call('add', 1, 1)).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' })
  channel.tell('note', 'nobody hears it')
})

test.for([null, 5, 'text', {}, { t: 'x' }])('a frame that is no message (%j) ends the connection', async (value) => {
  const { left, right } = await ends()
  const closed = new Promise((resolve) => left.onClose(resolve))
  right.send(value)
  expect(await closed).toMatchObject({ code: 'FRAME_INVALID' })
})
