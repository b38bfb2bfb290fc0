// Records runs into a store as fast as it can, and says how many are on disk: FOLDER NAME COUNT [compact]
import { writeSync } from 'node:fs'
import { openTimingStore } from '../../../src/sharding/timing-store.ts'

const [folder, name, count, compact] = process.argv.slice(2)
const store = openTimingStore(folder!)
let writer = store.writer()
for (let i = 0; i < Number(count); i++) {
  writer.record({
    project: '',
    environment: 'node',
    file: `${name}-${i}.test.ts`,
    atMs: i + 1,
    durationMs: i,
    status: 'passed',
    temperature: 'warm',
    tests: [{ name: 'a test', durationMs: i, status: 'passed' }],
  })
  if (writer.problem) throw new Error(writer.problem)
  // One write, so that a SIGKILL leaves no half of a number behind the last line break.
  writeSync(1, `${i + 1}\n`)
  if (compact && i % 20 === 19) {
    writer.close()
    store.compact({ force: true })
    writer = store.writer()
  }
}
writer.close()
