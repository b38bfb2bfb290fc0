import { exportedFiles } from './exported.ts'
import { maybeJson, ms, readJson, type TimingsFormat, totalMs, unreadable } from './format.ts'

/** `.test_durations` of pytest-split: seconds by node id. It knows no failures. */
export const pytestSplit: TimingsFormat = {
  name: 'pytest-split',
  summary: '.test_durations of pytest-split',
  recognises: (text) => isDurations(maybeJson(text)),
  read(text, { writtenMs }) {
    const value = readJson(text, 'pytest-split')
    if (!isDurations(value)) throw unreadable('pytest-split', 'it is not a list of node ids with seconds')
    const tests = Object.entries<number>(value).map(([id, seconds]) => {
      const [file, ...rest] = id.split('::')
      return { file: file!, name: rest.join('::'), durationMs: ms(seconds, 1000), status: 'passed' as const }
    })
    return [...Map.groupBy(tests, ({ file }) => file)].map(([file, own]) => ({
      paths: [file],
      atMs: writtenMs,
      durationMs: totalMs(own),
      status: 'passed',
      tests: own.flatMap(({ name, durationMs, status }) => (name === '' ? [] : [{ name, durationMs, status }])),
    }))
  },
  write(snapshot) {
    const entries = exportedFiles(snapshot).flatMap(({ timing, durationMs, tests }) =>
      tests.length > 0
        ? tests.map((test) => [`${timing.file}::${test.name}`, test.durationMs / 1000])
        : [[timing.file, durationMs / 1000]],
    )
    return `${JSON.stringify(Object.fromEntries(entries), null, 4)}\n`
  },
}

function isDurations(value: any): value is Record<string, number> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const entries = Object.entries(value)
  return entries.length > 0 && entries.every(([id, seconds]) => /\.\w+(?:::|$)/.test(id) && typeof seconds === 'number')
}
