import { createInterface } from 'node:readline'
import { executionId } from '../../src/workflow/executions/execution-id.ts'
import { takeTurn } from '../../src/workflow/executions/take-turn.ts'

/** Waits for its turn in a group; says what happens, and leaves when it is told anything. */
const [groups, max, cancels] = process.argv.slice(2) as [string, string, string?]
const say = (what: string) => process.stdout.write(`${what}\n`)
const input = createInterface({ input: process.stdin })
const told = new Promise<void>((resolve) => input.once('line', () => resolve()))
try {
  const turn = await takeTurn({
    groups,
    group: 'deploy',
    id: executionId(Date.now()),
    max: Number(max),
    cancelsOthers: cancels === 'cancels',
    signal: new AbortController().signal,
    onWait: (ahead) => say(`waits ${ahead}`),
    onGiveWay: () => say('gives way'),
  })
  say('runs')
  await told
  turn.leave()
  say('left')
} catch (error) {
  say((error as { code: string }).code)
}
input.close()
