// node scripts/count.ts RESULTS.json EXIT_CODE: prints "PASSED FAILED" of a run of Vitest's json reporter.
import { existsSync, readFileSync } from 'node:fs'

const [file, exitCode] = process.argv.slice(2)
interface Results {
  numPassedTests: number
  numFailedTests: number
  numFailedTestSuites: number
}
const results: Results = existsSync(file!)
  ? JSON.parse(readFileSync(file!, 'utf8'))
  : { numPassedTests: 0, numFailedTests: 0, numFailedTestSuites: 0 }
// A file that does not load has no failed test, an unhandled error belongs to none: the exit code tells.
const failed = results.numFailedTests || (exitCode === '0' ? 0 : 1)
console.log(`${results.numPassedTests} ${failed}`)
