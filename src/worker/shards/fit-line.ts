import type { ShardOutput } from '../../contracts/shard-run.ts'
import { MAX_OUTPUT_LINE_BYTES } from '../../contracts/worker-link.ts'

type ResultOutput = Extract<ShardOutput, { event: 'result' }>

/** One line of output, short enough to be acknowledged as a whole: what is long in a result is cut, its verdict never. */
export function fitLine(output: ShardOutput, maxBytes = MAX_OUTPUT_LINE_BYTES): string {
  let line = lineOf(output)
  if (fits(line, maxBytes) || output.event !== 'result') return line
  for (const cut of CUTS) {
    line = lineOf(cut(output))
    if (fits(line, maxBytes)) return line
  }
  return line
}

const lineOf = (output: ShardOutput) => `${JSON.stringify(output)}\n`

const fits = (line: string, maxBytes: number) => line.length * 3 <= maxBytes || Buffer.byteLength(line) <= maxBytes

const MOST_FAILED = 100

const withResult = (output: ResultOutput, change: (result: ResultOutput['result']) => ResultOutput['result']) => ({
  ...output,
  result: change(output.result),
})
const short = (text: string | undefined, chars: number) =>
  text === undefined || text.length <= chars ? text : `${text.slice(0, chars)}…`

/** From what is missed least. */
const CUTS: ((output: ResultOutput) => ResultOutput)[] = [
  (output) =>
    withResult(output, (result) => ({ ...result, cases: result.cases?.map(({ errorStack: _stack, ...each }) => each) })),
  (output) =>
    withResult(output, (result) => ({
      ...result,
      cases: result.cases?.map(({ errorStack: _stack, ...each }) => ({ ...each, error: short(each.error, 500) })),
    })),
  (output) =>
    withResult(output, (result) => ({
      ...result,
      cases: result.cases
        ?.filter(({ status }) => status === 'failed')
        .slice(0, MOST_FAILED)
        .map(({ errorStack: _stack, ...each }) => ({ ...each, name: short(each.name, 500)!, error: short(each.error, 500) })),
    })),
  (output) =>
    withResult(output, ({ cases: _cases, ...result }) => ({
      ...result,
      error: short(result.error, 4_096),
      errorStack: short(result.errorStack, 4_096),
    })),
]
