import { startWorker, type WorkerOptions } from '../../../src/worker/worker.ts'

/** A worker in a process of its own; says a line when something happens to its connection. */
const options = JSON.parse(process.argv[2]!) as Omit<WorkerOptions, 'say'>
const worker = startWorker({
  ...options,
  rules: { ...options.rules, env: { ...process.env } },
  say: (line) => process.stdout.write(`${line}\n`),
})
const hold = setInterval(() => {}, 2 ** 30)
process.once('SIGTERM', () => worker.stop())
await worker.ended.finally(() => clearInterval(hold))
