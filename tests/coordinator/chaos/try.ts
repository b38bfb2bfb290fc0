import { chaos } from './chaos.ts'
const [rounds = '20', seed = '1', only] = process.argv.slice(2)
const t = performance.now()
const report = await chaos({
  seed: Number(seed),
  rounds: Number(rounds),
  databaseUrl: process.env['CHAOS_PG'],
  coordinators: process.env['CHAOS_PG'] ? 2 : 1,
  cache: process.env['CHAOS_CACHE'] ?? '/tmp/chaos-cache',
  only: only as never,
  onRound: (r, w) => console.log(r, w),
})
const { failures, complaints, ...rest } = report
console.log(rest, ((performance.now() - t) / 1000).toFixed(1), 's')
for (const f of failures) console.log(f)
if (failures.length) process.exitCode = 1
console.log('complaints:', complaints.slice(-3000))
process.exit()
