// The workers' own cost: the same commands from the smallest program that runs them, so many at a time.
import { spawn } from 'node:child_process'

const [count, lanes] = process.argv.slice(2).map(Number)
let next = 0
const runOne = (index) =>
  new Promise((resolve) => {
    const child = spawn('sh', ['-c', `set -e\necho ${index}`], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream.resume()
    child.once('close', resolve)
  })
const lane = async () => {
  while (next < count) await runOne(next++)
}
await Promise.all(Array.from({ length: lanes }, lane))
