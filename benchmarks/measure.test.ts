import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { measure, parseStat, parseTimes, quietCpuMs, treeCpuMs } from './measure.ts'

const burn = (ms: number) =>
  `const used = () => process.cpuUsage().user + process.cpuUsage().system; while (used() < ${ms} * 1000);`
const cwd = import.meta.dirname

test('the CPU of a command is counted', async () => {
  const { cpuMs, exitCode } = await measure(process.execPath, ['-e', burn(400)], { cwd })
  expect(exitCode).toBe(0)
  expect(cpuMs).toBeGreaterThan(380)
  expect(cpuMs).toBeLessThan(800)
})

test('so is the CPU of its children and of theirs', async () => {
  const inner = `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(burn(300))}])`
  const outer = `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(inner)}]); ${burn(100)}`
  const { cpuMs } = await measure(process.execPath, ['-e', outer], { cwd })
  expect(cpuMs).toBeGreaterThan(390)
})

test('waiting is wall time and no CPU', async () => {
  const { cpuMs, wallMs } = await measure('sleep', ['0.5'], { cwd })
  expect(wallMs).toBeGreaterThan(490)
  expect(cpuMs).toBeLessThan(50)
})

test('exit code and output are handed on', async () => {
  const { exitCode, output } = await measure('sh', ['-c', 'echo out; echo err >&2; exit 3'], { cwd })
  expect([exitCode, output.split('\n').toSorted()]).toEqual([3, ['', 'err', 'out']])
})

test.runIf(process.platform === 'linux')('a running tree counts with children that live and that have ended', async () => {
  const ended = `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(burn(1200))}]);`
  const living = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${burn(800)}; setInterval(() => {}, 1000); process.stdin.resume().on('end', () => process.exit())`)}], { stdio: ['pipe', 'inherit', 'inherit'] });`
  const child = spawn(process.execPath, ['-e', `${ended} ${living} console.log('ready'); setInterval(() => {}, 1000)`])
  await once(child.stdout, 'data')
  const cpuMs = await quietCpuMs(child.pid!)
  child.kill('SIGKILL')
  // 1200 + 800 burnt in two processes; the kernel counts each in ticks of 10 ms, user and system apart: 40 ms at most are lost
  expect(cpuMs).toBeGreaterThan(0.98 * 2000)
  expect(cpuMs).toBeLessThan(1.5 * 2000)
  await once(child, 'exit')
  expect(treeCpuMs(child.pid!)).toBe(0)
})

test('a process name may hold anything', () => {
  expect(parseStat('12 (a) b (c) S 7 1 1 0 -1 0 0 0 0 0 10 20 30 40 20 0')).toEqual({ pid: 12, parent: 7, cpuMs: 1000 })
})

test('times of dash and of bash', () => {
  expect(parseTimes('0m0.000000s 0m0.000000s\n0m1.250000s 0m0.250000s\n')).toBe(1500)
  expect(parseTimes('0m0,0s\n1m0.500s 0m0.500s\n')).toBe(61_000)
})
