import { expect, test } from 'vitest'
import { handlesTerm } from './graceful-stop.ts'

test.each([
  ['has a handler', 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000004002\n', true],
  ['takes it from a queue', 'SigBlk:\t0000000000004000\nSigCgt:\t0000000000000000\n', true],
  ['has none', 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000004000\nSigCgt:\t0000000000000002\n', false],
  ['is not known', '', true],
])('a process that %s is waited for, or not', (_, status, waits) => expect(handlesTerm(status)).toBe(waits))
