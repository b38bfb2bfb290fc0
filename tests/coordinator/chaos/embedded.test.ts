import { expect, test } from 'vitest'
import { chaosRounds } from './rounds.ts'

// Processes are looked for, and their ends, in /proc.
test.runIf(process.platform === 'linux')(
  'whatever is killed, whenever: nothing is lost, doubled or wrong, and no process is left',
  { timeout: 900_000 },
  async () => expect(await chaosRounds('embedded')).toBe(''),
)
