import { xmlTags } from '../../../system/xml.ts'
import { type Report, type ReportReader, summaryOf } from './report.ts'

const PROBE_BYTES = 8_192

/** JUnit XML of whomever: cases are counted; where there are none, what the suites say of themselves. */
export const readJunit: ReportReader = (name, bytes) => {
  if (!/\.xml$/i.test(name) || !bytes.toString('utf8', 0, PROBE_BYTES).includes('<testsuite')) return undefined
  const { cases, told, suitesMs } = look(bytes.toString())
  return report(cases.tests > 0 ? cases : told, suitesMs || cases.durationMs)
}

interface Counts {
  tests: number
  failed: number
  errored: number
  skipped: number
}

interface Seen {
  cases: Counts & { durationMs: number }
  /** By the attributes of the outermost suites. */
  told: Counts
  suitesMs: number
}

const none = (): Counts => ({ tests: 0, failed: 0, errored: 0, skipped: 0 })
const OUTCOMES = { failure: 'failed', error: 'errored', skipped: 'skipped' } as const

function look(text: string): Seen {
  const seen: Seen = { cases: { ...none(), durationMs: 0 }, told: none(), suitesMs: 0 }
  let depth = 0
  let outcome: 'failed' | 'errored' | 'skipped' | undefined
  let isInCase = false
  for (const { name, attributes, isEnd } of xmlTags(text)) {
    if (name === 'testsuite') {
      if (!isEnd && depth === 0) tell(seen, attributes)
      depth += isEnd ? -1 : 1
    } else if (name === 'testcase' && !isEnd) {
      isInCase = true
      outcome = undefined
      seen.cases.tests++
      seen.cases.durationMs += ms(attributes['time'])
    } else if (name === 'testcase') {
      isInCase = false
      if (outcome) seen.cases[outcome]++
    } else if (isInCase && !isEnd && Object.hasOwn(OUTCOMES, name)) outcome ??= OUTCOMES[name as keyof typeof OUTCOMES]
  }
  return seen
}

function tell(seen: Seen, attributes: Readonly<Record<string, string>>): void {
  const { told } = seen
  const number = (name: string) => Math.max(0, Number.parseInt(attributes[name] ?? '0', 10) || 0)
  told.tests += number('tests')
  told.failed += number('failures')
  told.errored += number('errors')
  told.skipped += number('skipped')
  seen.suitesMs += ms(attributes['time'])
}

/** Seconds, some with commas for thousands. */
function ms(seconds: string | undefined): number {
  const number = Number((seconds ?? '').replaceAll(',', ''))
  return Number.isFinite(number) && number > 0 ? number * 1_000 : 0
}

const report = (counts: Counts, durationMs: number): Report => ({
  kind: 'junit',
  summary: summaryOf({
    tests: counts.tests,
    failed: counts.failed,
    errored: counts.errored,
    skipped: counts.skipped,
    durationMs: durationMs > 0 ? Math.round(durationMs) : undefined,
  }),
})
